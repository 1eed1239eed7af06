-- ---
-- id: MDL-02a
-- control: MDL-02
-- criteria: [CC8.1, CC5.1, CC6.3]
-- min_assurance: enforced
-- reads: [v_deployment, v_model_version, v_promotion_request, v_approval_valid, v_training_run, v_principal_human, v_inference]
-- population: "production deployments of the period, and versions that served without one"
-- parameters: [MDL-02a.approvals, MDL-02a.approvals_high]
-- results:
--   pass: "enough distinct humans with no part in the version approved exactly these bytes, evaluations and configuration before"
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
WITH ok AS (
  SELECT d.idx AS d_idx, count(DISTINCT a.human) AS n
  FROM v_deployment d
  JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
  JOIN v_model_version m ON m.id = d.model_version_id
  JOIN v_promotion_request r ON r.id = d.request_id AND r.idx < d.idx
  JOIN v_approval_valid a
    ON a.request_id = r.id
      AND a.idx < d.idx
      AND a.human IS NOT NULL
      AND a.binds_digest = r.digest
      AND (a.expires_us IS NULL OR a.expires_us > d.at_us)
      AND (a.withdrawn_idx IS NULL OR a.withdrawn_idx > d.idx)
      AND a.human IS NOT m.submitter_human
      AND a.human IS NOT r.submitter_human
      AND a.human IS NOT r.human
      AND a.human IS NOT d.deployer_human
      AND a.human NOT IN (
        SELECT t.human FROM v_training_run t WHERE t.id = m.training_run_id AND t.human IS NOT NULL
      )
  GROUP BY d.idx
),
x AS (
  SELECT
    d.*,
    r.idx AS r_idx,
    r.artifact_digest AS r_artifact,
    r.config_digest AS r_config,
    r.evaluation_ids AS r_evals,
    m.artifact_digest AS m_artifact,
    m.submitter_human,
    coalesce(ok.n, 0) AS n,
    CASE
      WHEN d.risk_class = 'high' OR m.high_risk
        THEN (
            SELECT value
            FROM parameters q
            WHERE q.name = 'MDL-02a.approvals_high'
              AND q.from_idx <= d.idx
              AND (q.to_idx IS NULL OR d.idx < q.to_idx)
          )
      ELSE (
          SELECT value
          FROM parameters q
          WHERE q.name = 'MDL-02a.approvals' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
        )
    END AS need
  FROM v_deployment d
  JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
  LEFT JOIN v_model_version m ON m.id = d.model_version_id
  LEFT JOIN v_promotion_request r ON r.id = d.request_id AND r.idx < d.idx
  LEFT JOIN ok ON ok.d_idx = d.idx
),
y AS (
  SELECT
    x.*,
    CASE
      WHEN emergency THEN 'emergency_see_c'
      WHEN is_solo THEN 'solo_mode'
      WHEN assurance <> 'enforced' THEN 'not_enforced'
      WHEN r_idx IS NULL THEN 'no_request'
      WHEN r_artifact IS NOT artifact_digest OR m_artifact IS NOT artifact_digest THEN 'other_digest'
      WHEN r_config IS NOT config_digest THEN 'other_config'
      WHEN r_evals IS NOT evaluation_ids THEN 'other_evaluations'
      WHEN deployer_human IS NULL OR submitter_human IS NULL THEN 'party_unresolved'
      WHEN n < need THEN 'approvals_missing'
      ELSE 'ok'
    END AS why
  FROM x
)
SELECT
  id AS item_id,
  CASE why WHEN 'ok' THEN 'pass' WHEN 'emergency_see_c' THEN 'not_applicable' ELSE 'fail' END AS result,
  why AS reason_code,
  idx AS evidence_idx
FROM y
UNION ALL
SELECT
  'served:' || coalesce(i.model_version_id, i.deployment_id, 'unknown'),
  'fail',
  'served_without_deployment',
  min(i.outcome_idx)
FROM v_inference i
JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
WHERE i.state = 'completed'
  AND NOT EXISTS (
    SELECT 1
    FROM v_deployment d
    WHERE d.id = i.deployment_id AND d.model_version_id = i.model_version_id AND d.idx < i.outcome_idx
  )
GROUP BY 1;

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
WHERE name LIKE 'MDL-02a.%'
ORDER BY name, from_idx;
