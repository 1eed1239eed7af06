-- ---
-- id: MON-01b
-- control: MON-01
-- criteria: [CC7.2, PI1.3, PI1.4, A1.1, CC4.1]
-- min_assurance: enforced
-- reads: [v_monitor, v_alert, v_task]
-- population: "measurements beyond the limit in force, compared here and not taken from their status"
-- parameters: [MON-01b.alert_minutes]
-- results:
--   pass: "every breach raised a delivered alert in time"
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
  m.system || '/' || m.metric || '@' || m.idx AS item_id,
  CASE WHEN a.idx IS NULL OR (m.run >= 3 AND t.idx IS NULL) THEN 'fail' ELSE 'pass' END AS result,
  CASE
    WHEN a.idx IS NULL THEN 'no_alert_in_time'
    WHEN m.run >= 3 AND t.idx IS NULL THEN 'sustained_without_task'
    ELSE 'ok'
  END AS reason_code,
  m.idx AS evidence_idx
FROM (
  SELECT z.*, row_number() OVER (PARTITION BY system, metric, grp ORDER BY idx) AS run
  FROM (
    SELECT
      b.*,
      row_number() OVER (PARTITION BY system, metric ORDER BY idx) - row_number() OVER (
        PARTITION BY system,
        metric,
        beyond ORDER BY idx
      ) AS grp
    FROM (
      SELECT
        m.*,
        CASE
          m.direction
          WHEN 'below' THEN m.value_ppm < j.value
          ELSE m.value_ppm > j.value
        END AS beyond
      FROM v_monitor m
      JOIN v_config c
        ON c.object_type = 'monitor'
          AND c.attributes->>'system' = m.system
          AND c.from_idx < m.idx
          AND (c.to_idx IS NULL OR m.idx < c.to_idx)
      JOIN json_each(c.attributes, '$.limits') j ON j.key = m.metric
    ) b
  ) z
  WHERE beyond
) m
JOIN period p ON m.at_us >= p.start_us AND m.at_us < p.end_us
LEFT JOIN v_alert a
  ON a.idx = (
    SELECT min(x.idx)
    FROM v_alert x
    WHERE x.system = m.system
      AND x.cause_id = m.id
      AND x.idx > m.idx
      AND x.delivered
      AND x.at_us - m.at_us <= 60000000 * (
        SELECT value
        FROM parameters q
        WHERE q.name = 'MON-01b.alert_minutes'
          AND q.from_idx <= m.idx
          AND (q.to_idx IS NULL OR m.idx < q.to_idx)
      )
  )
LEFT JOIN v_task t
  ON t.idx = (SELECT min(x.idx) FROM v_task x WHERE x.kind IN ('retrain', 'roll_back') AND x.cause_id = m.id);

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
WHERE name LIKE 'MON-01b.%'
ORDER BY name, from_idx;
