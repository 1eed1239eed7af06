-- ---
-- id: AVL-02a
-- control: AVL-02
-- criteria: [A1.2, A1.3, PI1.5]
-- min_assurance: enforced
-- reads: [v_backup, v_config, v_day]
-- population: "days of the period, by protected set; the five sets are required"
-- parameters: [AVL-02a.retry_hours]
-- results:
--   pass: "each set was copied each day, or retried with success in time"
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
WITH s(set_) AS (
  VALUES ('artifacts'), ('registry'), ('ledger'), ('keys'), ('state')
)
SELECT
  d.day || '/' || s.set_ AS item_id,
  CASE WHEN o.idx IS NULL THEN 'fail' ELSE 'pass' END AS result,
  CASE
    WHEN o.idx IS NOT NULL THEN 'ok'
    WHEN b.idx IS NULL THEN 'no_backup'
    ELSE 'failed_not_retried'
  END AS reason_code,
  coalesce(o.idx, b.idx) AS evidence_idx
FROM v_day d
CROSS JOIN s
LEFT JOIN v_backup b ON b.idx = (SELECT min(x.idx) FROM v_backup x WHERE x.protected_set = s.set_ AND x.day = d.day)
LEFT JOIN v_backup o
  ON o.idx = (
    SELECT min(x.idx)
    FROM v_backup x
    WHERE x.protected_set = s.set_
      AND x.day = d.day
      AND x.outcome = 'success'
      AND x.at_us <= coalesce(b.at_us, d.to_us) + 3600000000 * (
        SELECT value
        FROM parameters q
        WHERE q.name = 'AVL-02a.retry_hours'
          AND q.from_idx <= x.idx
          AND (q.to_idx IS NULL OR x.idx < q.to_idx)
      )
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
WHERE name LIKE 'AVL-02a.%'
ORDER BY name, from_idx;
