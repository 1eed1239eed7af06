-- ---
-- id: RUN-01c
-- control: RUN-01
-- criteria: [CC7.2, PI1.3, PI1.5, CC6.1]
-- min_assurance: enforced
-- reads: [v_inference, v_config, v_route]
-- population: "inference intents of the period"
-- parameters: []
-- results:
--   pass: "each record was kept as the capture policy approved for its system said at that moment"
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
  i.id AS item_id,
  CASE
    WHEN c.value_text IS NULL
           OR c.mode <> 'enforce'
           OR c.value_text IS NOT i.capture_mode
           OR i.assurance <> 'enforced'
           OR (i.capture_mode IN ('full', 'redacted') AND coalesce(i.commitments, '{}') IN ('{}', 'null'))
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN c.value_text IS NULL THEN 'no_capture_policy'
    WHEN c.mode <> 'enforce' OR i.assurance <> 'enforced' THEN 'not_enforced'
    WHEN c.value_text IS NOT i.capture_mode THEN 'other_mode'
    WHEN i.capture_mode IN ('full', 'redacted') AND coalesce(i.commitments, '{}') IN ('{}', 'null') THEN 'content_not_committed'
    ELSE 'ok'
  END AS reason_code,
  i.idx AS evidence_idx
FROM v_inference i
JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
LEFT JOIN v_config c
  ON c.object_type = 'capture'
    AND c.object_id = i.system
    AND c.from_idx < i.idx
    AND (c.to_idx IS NULL OR i.idx < c.to_idx);

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
WHERE name LIKE 'RUN-01c.%'
ORDER BY name, from_idx;
