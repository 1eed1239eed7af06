-- ---
-- id: MDL-03b
-- control: MDL-03
-- criteria: [CC8.1, PI1.3, PI1.4, PI1.1]
-- min_assurance: enforced
-- reads: [v_deployment, v_evaluation, v_evaluation_metric, v_config, v_exception, v_approval_valid]
-- population: "production deployments of the period"
-- parameters: []
-- results:
--   pass: "the thresholds were the newest in force before the run began, and every metric met them or was excepted by another human"
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
  x.id AS item_id,
  CASE why WHEN 'ok' THEN 'pass' WHEN 'excepted' THEN 'pass' ELSE 'fail' END AS result,
  why AS reason_code,
  x.idx AS evidence_idx
FROM (
  SELECT
    d.id,
    d.idx,
    CASE
      WHEN coalesce(
             (
               SELECT count(*)
               FROM json_each(d.evaluation_ids) j
               JOIN v_evaluation_metric m ON m.evaluation_id = j.value
             ),
             0
           ) = 0
        THEN 'no_metrics'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(d.evaluation_ids) j
             JOIN v_evaluation e ON e.id = j.value
             LEFT JOIN v_config t
               ON t.object_type = 'threshold'
                 AND t.object_id = e.threshold_id
                 AND t.from_idx < e.idx
                 AND (t.to_idx IS NULL OR e.idx < t.to_idx)
             WHERE t.version IS NULL OR CAST(t.version AS INTEGER) IS NOT e.threshold_version
           )
        THEN 'threshold_not_in_force_before'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(d.evaluation_ids) j
             JOIN v_evaluation_metric m ON m.evaluation_id = j.value
             WHERE m.passed IS NOT 1
           )
        THEN CASE
            WHEN EXISTS (
                   SELECT 1
                   FROM v_exception x
                   JOIN v_approval_valid a
                     ON a.request_id = x.id
                       AND a.human IS NOT NULL
                       AND a.human IS NOT v.submitter_human
                       AND a.idx < d.idx
                   WHERE x.kind = 'threshold'
                     AND x.target_id = d.model_version_id
                     AND x.expires_us > d.at_us
                     AND x.idx < d.idx
                 )
              THEN 'excepted'
            ELSE 'metric_below_threshold'
          END
      ELSE 'ok'
    END AS why
  FROM v_deployment d
  JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
  LEFT JOIN v_model_version v ON v.id = d.model_version_id
) x;

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
WHERE name LIKE 'MDL-03b.%'
ORDER BY name, from_idx;
