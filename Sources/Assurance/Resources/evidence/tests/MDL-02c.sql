-- ---
-- id: MDL-02c
-- control: MDL-02
-- criteria: [CC8.1, CC5.1, CC6.3]
-- min_assurance: enforced
-- reads: [v_deployment, v_incident, v_approval_valid, v_review]
-- population: "emergency production deployments of the period, and their share"
-- parameters: [MDL-02c.post_days, MDL-02c.max_emergency_ppm]
-- results:
--   pass: "each emergency names an open incident and was approved afterwards in time by another human; the share is within its limit"
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
  CASE WHEN i.idx IS NULL OR a.idx IS NULL THEN 'fail' ELSE 'pass' END AS result,
  CASE
    WHEN i.idx IS NULL THEN 'no_incident_before'
    WHEN a.idx IS NULL THEN 'no_timely_approval_after'
    ELSE 'ok'
  END AS reason_code,
  d.idx AS evidence_idx
FROM v_deployment d
JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
LEFT JOIN v_incident i ON i.id = d.incident_id AND i.idx < d.idx
LEFT JOIN v_model_version m ON m.id = d.model_version_id
LEFT JOIN v_approval_valid a
  ON a.idx = (
    SELECT min(x.idx)
    FROM v_approval_valid x
    WHERE x.request_id = d.request_id
      AND x.stage = 'after'
      AND x.idx > d.idx
      AND x.human IS NOT NULL
      AND x.human IS NOT d.deployer_human
      AND x.human IS NOT m.submitter_human
      AND x.at_us - d.at_us <= 86400000000 * (
        (
          SELECT value
          FROM parameters q
          WHERE q.name = 'MDL-02c.post_days'
            AND q.from_idx <= d.idx
            AND (q.to_idx IS NULL OR d.idx < q.to_idx)
        ) + CASE
          WHEN strftime('%w', d.at_us / 1000000, 'unixepoch') IN ('4', '5', '6', '0') THEN 3
          ELSE 0
        END
      )
  )
WHERE d.emergency
UNION ALL
SELECT
  'share',
  CASE
    WHEN e * 1000000 > n * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'MDL-02c.max_emergency_ppm'
             AND q.from_idx <= 9000000000000000
             AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
         )
      THEN 'fail'
    ELSE 'pass'
  END,
  CASE
    WHEN e * 1000000 > n * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'MDL-02c.max_emergency_ppm'
             AND q.from_idx <= 9000000000000000
             AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
         )
      THEN 'too_many'
    ELSE 'ok'
  END,
  NULL
FROM (
  SELECT count(*) AS n, total(d.emergency) AS e
  FROM v_deployment d
  JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us AND d.environment = 'production'
)
WHERE e > 0;

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
WHERE name LIKE 'MDL-02c.%'
ORDER BY name, from_idx;
