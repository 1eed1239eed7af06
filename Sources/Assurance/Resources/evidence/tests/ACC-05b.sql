-- ---
-- id: ACC-05b
-- control: ACC-05
-- criteria: [CC6.2, CC6.3, CC4.1]
-- min_assurance: enforced
-- reads: [v_campaign, v_review_item, v_review_decision, v_grant, v_fact, v_config]
-- population: "review items of campaigns launched in the period; the campaigns themselves; grants active at launch"
-- parameters: [ACC-05b.min_view_ms, ACC-05b.bulk_ppm]
-- results:
--   pass: "the item set is the grant set at launch, and each item was decided by an independent human who looked"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "the population digest was not recomputed"
--   not_applicable: "the item is outside the claim, for the reason given"
--   no_occurrences: "the log covers the whole period and holds no item of the population"
--   no_evidence: "some day of the period has no manifest (or the source was silent): nothing can be said"
-- ---
DROP VIEW IF EXISTS temp.summary;
DROP VIEW IF EXISTS temp.item;
DROP VIEW IF EXISTS temp.evidence;

CREATE TEMP VIEW evidence AS
SELECT present AS ok
FROM v_log_present;

CREATE TEMP VIEW item AS
WITH camp AS (
  SELECT c.*
  FROM v_campaign c
  JOIN period p ON c.at_us >= p.start_us AND c.at_us < p.end_us
)
SELECT
  i.id AS item_id,
  CASE
    WHEN d.idx IS NULL
           OR d.human IS NULL
           OR d.human = i.subject_human
           OR d.human = i.grantor_human
           OR (c.end_idx IS NOT NULL AND d.idx > c.end_idx)
           OR coalesce(d.view_ms, 0) < (
             SELECT value
             FROM parameters q
             WHERE q.name = 'ACC-05b.min_view_ms' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
           )
           OR (i.privileged AND d.bulk_id IS NOT NULL)
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN d.idx IS NULL THEN 'undecided'
    WHEN d.human IS NULL THEN 'reviewer_unresolved'
    WHEN d.human = i.subject_human THEN 'reviewer_is_subject'
    WHEN d.human = i.grantor_human THEN 'reviewer_is_grantor'
    WHEN c.end_idx IS NOT NULL AND d.idx > c.end_idx THEN 'decided_after_close'
    WHEN i.privileged AND d.bulk_id IS NOT NULL THEN 'privileged_in_bulk'
    WHEN coalesce(d.view_ms, 0) < (
           SELECT value
           FROM parameters q
           WHERE q.name = 'ACC-05b.min_view_ms' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
         )
      THEN 'rubber_stamp'
    ELSE 'ok'
  END AS reason_code,
  i.idx AS evidence_idx
FROM v_review_item i
JOIN camp c ON c.id = i.campaign_id
LEFT JOIN v_review_decision d ON d.idx = (SELECT max(x.idx) FROM v_review_decision x WHERE x.request_id = i.id)
UNION ALL
SELECT
  c.id,
  CASE
    WHEN f.value IS NULL OR f.value = 'disagree' THEN 'error'
    WHEN n.n <> c.population_count
           OR f.value <> 'equal'
           OR n.bulk * 1000000 > n.n * (
             SELECT value
             FROM parameters q
             WHERE q.name = 'ACC-05b.bulk_ppm' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
           )
      THEN 'fail'
    ELSE 'pass'
  END,
  CASE
    WHEN f.value IS NULL THEN 'population_not_recomputed'
    WHEN f.value = 'disagree' THEN 'facts_disagree'
    WHEN n.n <> c.population_count THEN 'count_differs'
    WHEN f.value <> 'equal' THEN 'population_differs'
    WHEN n.bulk * 1000000 > n.n * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'ACC-05b.bulk_ppm' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
         )
      THEN 'mostly_bulk'
    ELSE 'ok'
  END,
  c.idx
FROM camp c
LEFT JOIN v_fact f ON f.name = 'population_digest' AND f.item_id = c.id
JOIN (
  SELECT
    i.campaign_id,
    count(DISTINCT i.id) AS n,
    count(DISTINCT CASE WHEN d.bulk_id IS NOT NULL THEN i.id END) AS bulk
  FROM v_review_item i
  LEFT JOIN v_review_decision d ON d.request_id = i.id
  GROUP BY i.campaign_id
) n
  ON n.campaign_id = c.id
UNION ALL
SELECT g.id, 'fail', 'missing_from_population', g.idx
FROM camp c
JOIN v_grant g
  ON g.idx < c.idx AND (g.end_idx IS NULL OR g.end_idx > c.idx) AND (g.expires_us IS NULL OR g.expires_us > c.at_us)
WHERE NOT EXISTS (SELECT 1 FROM v_review_item i WHERE i.campaign_id = c.id AND i.grant_id = g.id);

CREATE TEMP VIEW summary AS
SELECT
  CASE
    WHEN sum(result = 'fail') > 0 THEN 'fail'
    WHEN sum(result = 'error') > 0 THEN 'error'
    WHEN (SELECT ok FROM evidence) = 0 THEN 'no_evidence'
    WHEN count(item_id) = 0 THEN 'no_occurrences'
    WHEN sum(result = 'pass') = 0 THEN 'not_applicable'
    ELSE 'pass'
  END AS result,
  count(item_id) AS items,
  total(result = 'pass') AS passed,
  total(result = 'fail') AS failed,
  total(result = 'error') AS errors,
  total(result = 'not_applicable') AS not_applicable
FROM item;

-- items, then the summary, then the parameters in force with their distance from the catalogue
SELECT item_id, result, reason_code, evidence_idx FROM item ORDER BY item_id;

SELECT * FROM summary;

SELECT name, declared_value, value, deviation_from_default, beyond_floor
FROM parameters
WHERE name LIKE 'ACC-05b.%'
ORDER BY name, from_idx;
