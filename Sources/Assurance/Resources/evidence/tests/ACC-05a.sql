-- ---
-- id: ACC-05a
-- control: ACC-05
-- criteria: [CC6.2, CC6.3, CC4.1]
-- min_assurance: enforced
-- reads: [v_campaign, v_quarter]
-- population: "calendar quarters that the period touches"
-- parameters: [ACC-05a.close_days]
-- results:
--   pass: "each quarter had a campaign, and each complete quarter a completed one in time"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "the test could not decide for an item; see its reason"
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
SELECT
  q.quarter AS item_id,
  CASE
    WHEN c.idx IS NULL THEN CASE WHEN q.complete THEN 'fail' ELSE 'not_applicable' END
    WHEN c.at_us >= q.to_us OR c.at_us < q.from_us THEN 'fail'
    WHEN c.end_idx IS NULL THEN CASE WHEN q.complete THEN 'fail' ELSE 'not_applicable' END
    WHEN c.end_us - c.at_us > 86400000000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'ACC-05a.close_days' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
         )
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN c.idx IS NULL THEN CASE WHEN q.complete THEN 'no_campaign' ELSE 'quarter_not_over' END
    WHEN c.at_us >= q.to_us OR c.at_us < q.from_us THEN 'other_quarter'
    WHEN c.end_idx IS NULL THEN CASE WHEN q.complete THEN 'not_completed' ELSE 'quarter_not_over' END
    WHEN c.end_us - c.at_us > 86400000000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'ACC-05a.close_days' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
         )
      THEN 'too_long'
    ELSE 'ok'
  END AS reason_code,
  c.idx AS evidence_idx
FROM v_quarter q
LEFT JOIN v_campaign c ON c.idx = (SELECT max(x.idx) FROM v_campaign x WHERE x.quarter = q.quarter);

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
WHERE name LIKE 'ACC-05a.%'
ORDER BY name, from_idx;
