-- ---
-- id: CMP-02a
-- control: CMP-02
-- criteria: [CC4.1, CC2.1]
-- min_assurance: enforced
-- reads: [v_control_run, v_evidence_item, v_test_definition, v_day, v_review]
-- population: "due dates of every test defined in this log, by its frequency (daily and continuous tests here)"
-- parameters: [CMP-02a.grace_days]
-- results:
--   pass: "for every due date there is a run that could decide"
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
  t.test_id || '/' || d.day AS item_id,
  CASE WHEN r.idx IS NULL OR r.result IN ('error', 'no_evidence') THEN 'fail' ELSE 'pass' END AS result,
  CASE
    WHEN r.idx IS NULL THEN 'no_run'
    WHEN r.result IN ('error', 'no_evidence') THEN 'run_could_not_decide'
    ELSE 'ok'
  END AS reason_code,
  r.idx AS evidence_idx
FROM (
  SELECT DISTINCT c.test_id
  FROM catalogue_test c
  JOIN v_test_definition f ON f.test_id = c.test_id
  WHERE c.frequency IN ('daily', 'continuous')
) t
CROSS JOIN v_day d
LEFT JOIN v_control_run r
  ON r.idx = (
    SELECT x.idx
    FROM v_control_run x
    WHERE x.test_id = t.test_id
      AND x.from_us <= d.from_us
      AND x.to_us >= d.to_us
      AND x.at_us < d.to_us + 86400000000 * (
        SELECT value
        FROM parameters q
        WHERE q.name = 'CMP-02a.grace_days'
          AND q.from_idx <= x.idx
          AND (q.to_idx IS NULL OR x.idx < q.to_idx)
      )
    ORDER BY x.result IN ('error', 'no_evidence'), x.idx DESC
    LIMIT 1
  )
UNION ALL
SELECT 'undefined', 'fail', 'no_test_defined', NULL
WHERE NOT EXISTS (SELECT 1 FROM v_test_definition);

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
WHERE name LIKE 'CMP-02a.%'
ORDER BY name, from_idx;
