-- ---
-- id: AVL-02b
-- control: AVL-02
-- criteria: [A1.2, A1.3, PI1.5]
-- min_assurance: enforced
-- reads: [v_restore, v_quarter, v_deployment, v_model_version, v_log_check]
-- population: "complete quarters, by protected set"
-- parameters: []
-- results:
--   pass: "a restore in the quarter gave back every production artefact and the same root"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "the restored bytes were not hashed again"
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
WITH s(set_) AS (
  VALUES ('artifacts'), ('registry'), ('ledger'), ('keys'), ('state')
)
SELECT
  q.quarter || '/' || s.set_ AS item_id,
  CASE why WHEN 'ok' THEN 'pass' WHEN 'not_hashed' THEN 'error' ELSE 'fail' END AS result,
  why AS reason_code,
  q.idx AS evidence_idx
FROM (
  SELECT
    q.quarter,
    s.set_,
    r.idx,
    CASE
      WHEN r.idx IS NULL THEN 'no_restore'
      WHEN r.outcome <> 'success' THEN 'restore_failed'
      WHEN s.set_ = 'ledger' AND (r.root_live IS NULL OR r.root_live IS NOT r.root_restored) THEN 'root_differs'
      WHEN s.set_ = 'artifacts'
             AND (
               r.artifacts_equal_count IS NOT r.artifacts_live_count
                 OR r.artifacts_live_count < (
                   SELECT count(DISTINCT d.artifact_digest)
                   FROM v_deployment d
                   WHERE d.environment = 'production'
                     AND d.idx < r.idx
                     AND (d.end_idx IS NULL OR d.end_idx > r.idx)
                 )
             )
        THEN 'artifacts_missing'
      WHEN s.set_ = 'artifacts' AND f.value IS NULL THEN 'not_hashed'
      WHEN s.set_ = 'artifacts' AND f.value <> 'equal' THEN 'digest_differs'
      ELSE 'ok'
    END AS why
  FROM v_quarter q
  CROSS JOIN s
  LEFT JOIN v_restore r
    ON r.idx = (
      SELECT max(x.idx)
      FROM v_restore x
      WHERE x.protected_set = s.set_ AND x.at_us >= q.from_us AND x.at_us < q.to_us
    )
  LEFT JOIN v_fact f ON f.name = 'restored_digests' AND f.item_id = q.quarter
  WHERE q.complete
) q
JOIN s ON s.set_ = q.set_;

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
WHERE name LIKE 'AVL-02b.%'
ORDER BY name, from_idx;
