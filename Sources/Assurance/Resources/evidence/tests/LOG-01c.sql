-- ---
-- id: LOG-01c
-- control: LOG-01
-- criteria: [CC7.2, CC7.3, PI1.5, CC2.1]
-- min_assurance: observed
-- reads: [v_clock, v_time_regression, v_hour]
-- population: "node-hours of the period; places where the record time runs backwards"
-- parameters: [LOG-01c.offset_ms, LOG-01c.tolerance_us]
-- results:
--   pass: "every node was measured every hour within the limit, and time never ran backwards"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "a node-hour without a measurement"
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
  n.node || '@' || strftime('%Y-%m-%dT%H', h.from_us / 1000000, 'unixepoch') AS item_id,
  CASE
    WHEN c.idx IS NULL THEN 'error'
    WHEN c.worst > 1000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'LOG-01c.offset_ms' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
         )
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN c.idx IS NULL THEN 'not_measured'
    WHEN c.worst > 1000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'LOG-01c.offset_ms' AND q.from_idx <= c.idx AND (q.to_idx IS NULL OR c.idx < q.to_idx)
         )
      THEN 'offset'
    ELSE 'ok'
  END AS reason_code,
  c.idx AS evidence_idx
FROM v_hour h
CROSS JOIN (SELECT DISTINCT node FROM events) n
LEFT JOIN (
  SELECT
    node,
    at_us / 3600000000 AS hour,
    max(abs(offset_us) + coalesce(uncertainty_us, 0)) AS worst,
    max(idx) AS idx
  FROM v_clock
  WHERE outcome = 'success' AND assurance <> 'reported'
  GROUP BY 1, 2
) c
  ON c.node = n.node AND c.hour = h.from_us / 3600000000
UNION ALL
SELECT 'back:' || idx, 'fail', 'time_ran_backwards', idx
FROM v_time_regression
WHERE prev_at - recorded_at > (
  SELECT value
  FROM parameters q
  WHERE q.name = 'LOG-01c.tolerance_us' AND q.from_idx <= idx AND (q.to_idx IS NULL OR idx < q.to_idx)
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
WHERE name LIKE 'LOG-01c.%'
ORDER BY name, from_idx;
