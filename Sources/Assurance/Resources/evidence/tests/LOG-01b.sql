-- ---
-- id: LOG-01b
-- control: LOG-01
-- criteria: [CC7.2, CC7.3, PI1.5, CC2.1]
-- min_assurance: attested
-- reads: [v_probe, v_collection, v_snapshot, v_day]
-- population: "days of the period"
-- parameters: []
-- results:
--   pass: "each day a write as an administrator's role was tried and refused, and the privilege snapshot shows no such right"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "a day has no attempt or no snapshot"
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
  CASE
    WHEN b.idx IS NOT NULL OR s.bad > 0 THEN 'fail'
    WHEN a.idx IS NULL OR coalesce(s.n, 0) = 0 THEN 'error'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN b.idx IS NOT NULL THEN 'write_succeeded'
    WHEN s.bad > 0 THEN 'role_can_write'
    WHEN a.idx IS NULL THEN 'no_attempt'
    WHEN coalesce(s.n, 0) = 0 THEN 'no_snapshot'
    ELSE 'ok'
  END AS reason_code,
  coalesce(b.idx, a.idx) AS evidence_idx
FROM v_day d
LEFT JOIN v_probe a
  ON a.idx = (
    SELECT max(x.idx)
    FROM v_probe x
    WHERE x.probe = 'ledger_write' AND x.as_expected AND x.assurance IN ('attested', 'enforced') AND x.at_us >= d.from_us AND x.at_us < d.to_us
  )
LEFT JOIN v_probe b
  ON b.idx = (
    SELECT max(x.idx)
    FROM v_probe x
    WHERE x.probe = 'ledger_write' AND NOT x.as_expected AND x.at_us >= d.from_us AND x.at_us < d.to_us
  )
LEFT JOIN (
  SELECT
    c.day,
    count(*) AS n,
    total(EXISTS (SELECT 1 FROM json_each(s.flags) j WHERE j.value IN ('can_update', 'can_delete'))) AS bad
  FROM v_snapshot s
  JOIN v_collection c ON c.id = s.collection_id AND c.outcome = 'success' AND c.permission_ok
  WHERE s.object_type = 'acl' AND c.scope = 'ledger_store'
  GROUP BY c.day
) s
  ON s.day = d.day;

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
WHERE name LIKE 'LOG-01b.%'
ORDER BY name, from_idx;
