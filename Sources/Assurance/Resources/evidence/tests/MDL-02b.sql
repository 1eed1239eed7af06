-- ---
-- id: MDL-02b
-- control: MDL-02
-- criteria: [CC8.1, CC5.1, CC6.3]
-- min_assurance: enforced
-- reads: [v_deployment, v_stage, v_promotion_request]
-- population: "production deployments of the period"
-- parameters: [MDL-02b.staging_hours]
-- results:
--   pass: "the version passed staging, then production, in the order of the log"
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
  d.id AS item_id,
  CASE
    WHEN d.emergency THEN 'not_applicable'
    WHEN s.idx IS NULL
           OR q.idx IS NULL
           OR d.at_us - s.at_us < 3600000000 * (
             SELECT value
             FROM parameters q
             WHERE q.name = 'MDL-02b.staging_hours'
               AND q.from_idx <= d.idx
               AND (q.to_idx IS NULL OR d.idx < q.to_idx)
           )
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN d.emergency THEN 'emergency_see_c'
    WHEN s.idx IS NULL THEN 'no_staging'
    WHEN q.idx IS NULL THEN 'no_production_stage'
    WHEN d.at_us - s.at_us < 3600000000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'MDL-02b.staging_hours' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
         )
      THEN 'staging_too_short'
    ELSE 'ok'
  END AS reason_code,
  d.idx AS evidence_idx
FROM v_deployment d
JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
LEFT JOIN v_stage s
  ON s.idx = (
    SELECT max(x.idx)
    FROM v_stage x
    WHERE x.id = d.model_version_id AND x.to_stage = 'staging' AND x.from_stage = 'dev' AND x.idx < d.idx
  )
LEFT JOIN v_stage q
  ON q.idx = (
    SELECT max(x.idx)
    FROM v_stage x
    WHERE x.id = d.model_version_id
      AND x.to_stage = 'production'
      AND x.from_stage = 'staging'
      AND x.idx > s.idx
      AND x.idx < d.idx
  );

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
WHERE name LIKE 'MDL-02b.%'
ORDER BY name, from_idx;
