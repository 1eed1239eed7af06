-- ---
-- id: MDL-03a
-- control: MDL-03
-- criteria: [CC8.1, PI1.3, PI1.4, PI1.1]
-- min_assurance: enforced
-- reads: [v_deployment, v_evaluation, v_approval_valid, v_model_version, v_config]
-- population: "production deployments of the period"
-- parameters: []
-- results:
--   pass: "completed evaluations of these very bytes and configuration covered every suite the gate in force requires, before the first approval"
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
  CASE why WHEN 'ok' THEN 'pass' ELSE 'fail' END AS result,
  why AS reason_code,
  x.idx AS evidence_idx
FROM (
  SELECT
    d.id,
    d.idx,
    CASE
      WHEN g.from_idx IS NULL OR json_array_length(g.attributes, '$.suites') IS NULL THEN 'no_gate'
      WHEN (SELECT count(*) FROM json_each(d.evaluation_ids)) = 0 THEN 'no_evaluation'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(d.evaluation_ids) j
             LEFT JOIN v_evaluation e ON e.id = j.value
             WHERE e.idx IS NULL
               OR e.artifact_digest IS NOT d.artifact_digest
               OR e.config_digest IS NOT d.config_digest
           )
        THEN 'evaluated_other_digest'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(d.evaluation_ids) j
             JOIN v_evaluation e ON e.id = j.value
             WHERE e.end_idx IS NULL
               OR e.closed_outcome <> 'success'
               OR e.end_idx > coalesce(
                 (SELECT min(a.idx) FROM v_approval_valid a WHERE a.request_id = d.request_id),
                 d.idx
               )
           )
        THEN 'not_finished_before_approval'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(d.evaluation_ids) j
             JOIN v_evaluation e ON e.id = j.value
             WHERE e.assurance <> 'enforced'
           )
        THEN 'only_reported'
      WHEN EXISTS (
             SELECT 1
             FROM json_each(g.attributes, '$.suites') s
             WHERE NOT EXISTS (
               SELECT 1
               FROM json_each(d.evaluation_ids) j
               JOIN v_evaluation_metric e ON e.evaluation_id = j.value
               WHERE e.suite = s.value
             )
           )
        THEN 'suite_missing'
      ELSE 'ok'
    END AS why
  FROM v_deployment d
  JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
  LEFT JOIN v_config g
    ON g.object_type = 'gate' AND g.from_idx < d.idx AND (g.to_idx IS NULL OR d.idx < g.to_idx)
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
WHERE name LIKE 'MDL-03a.%'
ORDER BY name, from_idx;
