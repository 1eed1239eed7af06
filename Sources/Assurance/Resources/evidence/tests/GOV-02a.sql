-- ---
-- id: GOV-02a
-- control: GOV-02
-- criteria: [CC2.1, CC3.2, CC6.1, PI1.1]
-- min_assurance: observed
-- reads: [v_sighting, v_system_version, v_system_member, v_usage, v_probe, v_collection]
-- population: "ids seen at work until the period end; production systems; providers seen"
-- parameters: []
-- results:
--   pass: "what passed through us, and what providers and probes report, is in the inventory, and the inventory is at work or says it is idle"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "no usage and no bypass probe for a provider: bypass is unknown"
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
  s.kind || ':' || s.seen_id AS item_id,
  CASE WHEN m.system_id IS NOT NULL THEN 'pass' ELSE 'fail' END AS result,
  CASE
    WHEN m.system_id IS NOT NULL THEN 'ok'
    WHEN EXISTS (SELECT 1 FROM v_system_member x WHERE x.member_id = s.seen_id) THEN 'registered_after_use'
    ELSE 'not_in_inventory'
  END AS reason_code,
  s.first_idx AS evidence_idx
FROM v_sighting s
LEFT JOIN v_system_member m
  ON m.kind = s.kind
    AND m.member_id = s.seen_id
    AND m.from_idx < s.first_idx
    AND (m.to_idx IS NULL OR s.first_idx < m.to_idx)
UNION ALL
SELECT
  'system:' || v.system_id,
  CASE WHEN count(s.seen_id) > 0 THEN 'pass' ELSE 'not_applicable' END,
  CASE WHEN count(s.seen_id) > 0 THEN 'ok' ELSE 'idle' END,
  v.from_idx
FROM v_system_version v
LEFT JOIN v_system_member m ON m.system_id = v.system_id AND m.from_idx = v.from_idx
LEFT JOIN v_sighting s ON s.kind = m.kind AND s.seen_id = m.member_id
WHERE v.lifecycle = 'production' AND v.to_idx IS NULL
GROUP BY v.system_id, v.from_idx
UNION ALL
SELECT
  'bypass:' || s.seen_id,
  CASE
    WHEN EXISTS (SELECT 1 FROM v_usage u WHERE u.provider_id = s.seen_id AND u.outcome = 'success')
           OR EXISTS (SELECT 1 FROM v_probe b WHERE b.probe = 'bypass' AND b.target_id = s.seen_id AND b.as_expected)
      THEN 'pass'
    ELSE 'error'
  END,
  CASE
    WHEN EXISTS (SELECT 1 FROM v_usage u WHERE u.provider_id = s.seen_id AND u.outcome = 'success')
           OR EXISTS (SELECT 1 FROM v_probe b WHERE b.probe = 'bypass' AND b.target_id = s.seen_id AND b.as_expected)
      THEN 'ok'
    ELSE 'bypass_unknown'
  END,
  s.last_idx
FROM v_sighting s
WHERE s.kind = 'provider';

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
WHERE name LIKE 'GOV-02a.%'
ORDER BY name, from_idx;
