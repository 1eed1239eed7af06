-- ---
-- id: MON-01a
-- control: MON-01
-- criteria: [CC7.2, PI1.3, PI1.4, A1.1, CC4.1]
-- min_assurance: observed
-- reads: [v_monitor, v_system_day, v_config]
-- population: "system-days in production, by required metric"
-- parameters: [MON-01a.coverage_hours]
-- results:
--   pass: "every required metric was measured on every day in production"
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
  s.system || '/' || s.day || '/' || r.metric AS item_id,
  CASE
    WHEN r.metric = '(none required)'
           OR m.idx IS NULL
           OR m.status = 'no_data'
           OR (m.status = 'traffic_too_low' AND t.n >= 30)
      THEN 'fail'
    WHEN m.status = 'traffic_too_low' THEN 'not_applicable'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN r.metric = '(none required)' THEN 'no_monitor_defined'
    WHEN m.idx IS NULL THEN 'not_measured'
    WHEN m.status = 'no_data' THEN 'no_data'
    WHEN m.status = 'traffic_too_low' AND t.n >= 30 THEN 'traffic_was_not_low'
    WHEN m.status = 'traffic_too_low' THEN 'traffic_too_low'
    ELSE 'ok'
  END AS reason_code,
  m.idx AS evidence_idx
FROM v_system_day s
JOIN (
  SELECT DISTINCT y.system, coalesce(j.value, '(none required)') AS metric
  FROM (SELECT DISTINCT system FROM v_system_day) y
  LEFT JOIN v_config c ON c.object_type = 'monitor' AND c.mode = 'enforce' AND c.attributes->>'system' = y.system
  LEFT JOIN json_each(c.attributes, '$.metrics') j
) r
  ON r.system = s.system
JOIN (
  SELECT
    d.day,
    x.system,
    (
      SELECT count(*)
      FROM v_inference i
      WHERE i.system = x.system AND i.at_us >= d.from_us AND i.at_us < d.to_us
    ) AS n
  FROM v_day d,
    (SELECT DISTINCT system FROM v_system_day) x
) t
  ON t.day = s.day AND t.system = s.system
LEFT JOIN v_monitor m
  ON m.idx = (
    SELECT max(x.idx)
    FROM v_monitor x
    WHERE x.system = s.system
      AND x.metric = r.metric
      AND x.window_from_us >= s.from_us
      AND x.window_to_us <= s.to_us
      AND x.window_to_us - x.window_from_us <= 3600000000 * (
        SELECT value
        FROM parameters q
        WHERE q.name = 'MON-01a.coverage_hours'
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
WHERE name LIKE 'MON-01a.%'
ORDER BY name, from_idx;
