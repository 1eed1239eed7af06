-- ---
-- id: ACC-01b
-- control: ACC-01
-- criteria: [CC6.1, CC6.6]
-- min_assurance: enforced
-- reads: [v_inference, v_fact, v_config]
-- population: "inference intents of the period whose decision was allow"
-- parameters: [ACC-01b.sample_ppm]
-- results:
--   pass: "every allowed request was decided again with the policy and grants in force then, and was allowed"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "no fact, or the recorded and recomputed facts disagree"
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

-- a drawn share below the floor is a failure of the test itself
CREATE TEMP VIEW item AS
SELECT
  i.id AS item_id,
  CASE
    WHEN i.policy IS NULL THEN 'fail'
    WHEN i.assurance <> 'enforced' THEN 'fail'
    WHEN f.value IS NULL OR f.value = 'disagree' THEN 'error'
    WHEN f.value = 'not_sampled' THEN 'not_applicable'
    WHEN f.value = 'allow' THEN 'pass'
    ELSE 'fail'
  END AS result,
  CASE
    WHEN i.policy IS NULL THEN 'no_policy'
    WHEN i.assurance <> 'enforced' THEN 'not_enforced'
    WHEN f.value IS NULL THEN 'not_redecided'
    WHEN f.value = 'disagree' THEN 'facts_disagree'
    WHEN f.value = 'not_sampled' THEN 'not_sampled'
    WHEN f.value = 'allow' THEN 'ok'
    ELSE 'redecided_deny'
  END AS reason_code,
  i.idx AS evidence_idx
FROM v_inference i
JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
LEFT JOIN v_fact f ON f.name = 'redecision' AND f.item_id = i.id
WHERE i.decision = 'allow'
UNION ALL
SELECT 'sample', 'fail', 'sample_too_small', NULL
FROM (
  SELECT count(*) AS n, total(f.value = 'not_sampled') AS skipped
  FROM v_inference i
  JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
  LEFT JOIN v_fact f ON f.name = 'redecision' AND f.item_id = i.id
  WHERE i.decision = 'allow'
)
WHERE skipped > 0
  AND (n - skipped) * 1000000 < n * (
    SELECT value
    FROM parameters q
    WHERE q.name = 'ACC-01b.sample_ppm'
      AND q.from_idx <= 9000000000000000
      AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
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
WHERE name LIKE 'ACC-01b.%'
ORDER BY name, from_idx;
