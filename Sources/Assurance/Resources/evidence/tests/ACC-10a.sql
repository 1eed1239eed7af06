-- ---
-- id: ACC-10a
-- control: ACC-10
-- criteria: [CC1.3, CC5.1, CC6.3]
-- min_assurance: enforced
-- reads: [v_access_snapshot, v_exception, v_approval_valid, v_day, v_config]
-- population: "days of the period, and each conflicting pair found on a day"
-- parameters: []
-- results:
--   pass: "a snapshot exists for every day, and no human held a conflicting pair without an exception that another human approved"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "a day has no snapshot"
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
  d.day AS item_id,
  CASE WHEN s.idx IS NULL OR s.matrix_digest IS NOT m.after_digest THEN 'error' ELSE 'pass' END AS result,
  CASE
    WHEN s.idx IS NULL THEN 'no_snapshot'
    WHEN s.matrix_digest IS NOT m.after_digest THEN 'other_matrix'
    ELSE 'ok'
  END AS reason_code,
  s.idx AS evidence_idx
FROM v_day d
LEFT JOIN v_access_snapshot s ON s.idx = (SELECT max(x.idx) FROM v_access_snapshot x WHERE x.day = d.day)
LEFT JOIN v_config m
  ON m.object_type = 'conflict_matrix' AND m.from_idx < s.idx AND (m.to_idx IS NULL OR s.idx < m.to_idx)
UNION ALL
SELECT
  d.day || '/' || (j.value->>'human') || '/' || (j.value->>'system') || '/' || (j.value->>'pair'),
  CASE WHEN x.idx IS NOT NULL AND x.expires_us > d.from_us AND a.idx IS NOT NULL THEN 'pass' ELSE 'fail' END,
  CASE
    WHEN x.idx IS NULL THEN 'conflict'
    WHEN NOT x.expires_us > d.from_us THEN 'exception_expired'
    WHEN a.idx IS NULL THEN 'exception_not_approved'
    ELSE 'excepted'
  END,
  s.idx
FROM v_day d
JOIN v_access_snapshot s ON s.day = d.day, json_each(s.conflicts) j
LEFT JOIN v_exception x ON x.id = j.value->>'exception_id' AND x.kind = 'conflict' AND x.idx < s.idx
LEFT JOIN v_approval_valid a
  ON a.idx = (
    SELECT max(y.idx)
    FROM v_approval_valid y
    WHERE y.request_id = x.id
      AND y.human IS NOT NULL
      AND y.human <> (j.value->>'human')
      AND y.human IS NOT x.owner_human
      AND y.idx < s.idx
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
WHERE name LIKE 'ACC-10a.%'
ORDER BY name, from_idx;
