-- ---
-- id: MDL-04b
-- control: MDL-04
-- criteria: [CC8.1, CC7.3, CC7.5, A1.2]
-- min_assurance: enforced
-- reads: [v_rollback, v_inference, v_drill, v_deployment, v_quarter, v_system_version]
-- population: "rollbacks of the period, drills included; critical systems by complete quarter"
-- parameters: [MDL-04b.objective_minutes]
-- results:
--   pass: "the last request that the old version served came within the objective, by the log and not by the reported figure, and each critical system showed it each quarter"
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
    r.id,
    r.idx,
    CASE
      WHEN r.end_idx IS NULL THEN 'not_completed'
      WHEN max(
             coalesce(
               (
                 SELECT max(i.outcome_us)
                 FROM v_inference i
                 WHERE i.deployment_id = r.from_deployment_id
                   AND i.outcome_idx > r.idx
                   AND i.at_us < r.at_us + 86400000000
               ),
               0
             ),
             r.end_us
           ) - r.at_us > 60000000 * (
             SELECT value
             FROM parameters q
             WHERE q.name = 'MDL-04b.objective_minutes'
               AND q.from_idx <= r.idx
               AND (q.to_idx IS NULL OR r.idx < q.to_idx)
           )
        THEN 'too_slow'
      ELSE 'ok'
    END AS why
  FROM v_rollback r
  JOIN period p ON r.at_us >= p.start_us AND r.at_us < p.end_us
) x
UNION ALL
SELECT
  s.system_id || '/' || q.quarter,
  CASE WHEN count(r.idx) > 0 THEN 'pass' WHEN q.complete THEN 'fail' ELSE 'not_applicable' END,
  CASE WHEN count(r.idx) > 0 THEN 'ok' WHEN q.complete THEN 'no_drill' ELSE 'quarter_not_over' END,
  max(r.idx)
FROM v_system_version s
JOIN v_quarter q ON s.from_us < q.to_us AND (s.to_us IS NULL OR s.to_us >= q.to_us)
LEFT JOIN v_rollback r
  ON r.system = s.system_id AND r.at_us >= q.from_us AND r.at_us < q.to_us AND r.end_idx IS NOT NULL
WHERE s.critical AND s.lifecycle = 'production'
GROUP BY s.system_id, q.quarter;

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
WHERE name LIKE 'MDL-04b.%'
ORDER BY name, from_idx;
