-- ---
-- id: CMP-02d
-- control: CMP-02
-- criteria: [CC4.1, CC2.1]
-- min_assurance: enforced
-- reads: [v_test_definition, v_change_set_approval, v_approval_valid, v_control_run]
-- population: "versions of test definitions in force at any time of the period; runs of the period"
-- parameters: []
-- results:
--   pass: "every definition was approved by another human, enforced throughout, and the runs used the one in force"
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
  t.test_id || '@' || t.from_idx AS item_id,
  CASE WHEN t.mode <> 'enforce' OR a.approval_idx IS NULL THEN 'fail' ELSE 'pass' END AS result,
  CASE
    WHEN t.mode <> 'enforce' THEN 'not_enforced'
    WHEN a.approval_idx IS NULL THEN 'not_approved'
    ELSE 'ok'
  END AS reason_code,
  t.from_idx AS evidence_idx
FROM v_test_definition t
JOIN period p ON t.from_us < p.end_us AND (t.to_us IS NULL OR t.to_us > p.start_us)
LEFT JOIN v_change_set_approval a
  ON a.approval_idx = (
    SELECT min(x.approval_idx)
    FROM v_change_set_approval x
    WHERE x.change_set_id = t.change_set_id
      AND x.bound
      AND x.approver_human IS NOT NULL
      AND x.approver_human <> x.author_human
      AND x.approval_idx < t.from_idx
  )
UNION ALL
SELECT
  'run:' || r.test_id || '@' || r.idx,
  CASE WHEN t.from_idx IS NULL THEN 'fail' ELSE 'pass' END,
  CASE WHEN t.from_idx IS NULL THEN 'definition_not_in_force' ELSE 'ok' END,
  r.idx
FROM v_control_run r
JOIN period p ON r.at_us >= p.start_us AND r.at_us < p.end_us
LEFT JOIN v_test_definition t
  ON t.test_id = r.test_id
    AND t.after_digest = r.definition_digest
    AND t.mode = 'enforce'
    AND t.from_idx < r.idx
    AND (t.to_idx IS NULL OR r.idx < t.to_idx);

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
WHERE name LIKE 'CMP-02d.%'
ORDER BY name, from_idx;
