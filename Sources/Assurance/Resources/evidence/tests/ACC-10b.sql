-- ---
-- id: ACC-10b
-- control: ACC-10
-- criteria: [CC1.3, CC5.1, CC6.3]
-- min_assurance: enforced
-- reads: [v_deployment, v_model_version, v_approval_valid, v_config, v_principal_human]
-- population: "production deployments of the period, and monitor or detector changes on systems deployed"
-- parameters: []
-- results:
--   pass: "submitter, approver and deployer of each deployment were at least two humans, and nobody changed the alarms of what he deployed alone"
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
    WHEN d.is_solo OR d.deployer_human IS NULL OR m.submitter_human IS NULL OR a.idx IS NULL THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN d.is_solo THEN 'solo_mode'
    WHEN d.deployer_human IS NULL THEN 'deployer_unresolved'
    WHEN m.submitter_human IS NULL THEN 'submitter_unresolved'
    WHEN a.idx IS NULL THEN 'one_person'
    ELSE 'ok'
  END AS reason_code,
  d.idx AS evidence_idx
FROM v_deployment d
JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us
LEFT JOIN v_model_version m ON m.id = d.model_version_id
LEFT JOIN v_approval_valid a
  ON a.idx = (
    SELECT max(x.idx)
    FROM v_approval_valid x
    WHERE x.request_id = d.request_id
      AND x.idx < d.idx
      AND x.human IS NOT NULL
      AND x.human <> d.deployer_human
      AND x.human <> m.submitter_human
  )
WHERE d.environment = 'production'
UNION ALL
SELECT
  c.object_id || '@' || c.from_idx,
  CASE WHEN a.idx IS NULL THEN 'fail' ELSE 'pass' END,
  CASE WHEN a.idx IS NULL THEN 'alarm_changed_by_deployer' ELSE 'ok' END,
  c.from_idx
FROM v_config c
JOIN period p ON c.from_us >= p.start_us AND c.from_us < p.end_us
JOIN v_deployment d
  ON d.environment = 'production'
    AND d.system = c.attributes->>'system'
    AND d.idx < c.from_idx
    AND (d.end_idx IS NULL OR d.end_idx > c.from_idx)
    AND (c.human IS NULL OR c.human = d.deployer_human)
LEFT JOIN v_approval_valid a
  ON a.idx = (
    SELECT max(x.idx)
    FROM v_approval_valid x
    WHERE x.request_id = c.change_set_id
      AND x.idx < c.from_idx
      AND x.human IS NOT NULL
      AND x.human <> d.deployer_human
  )
WHERE c.object_type IN ('monitor', 'detector');

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
WHERE name LIKE 'ACC-10b.%'
ORDER BY name, from_idx;
