-- ---
-- id: RUN-01a
-- control: RUN-01
-- criteria: [CC7.2, PI1.3, PI1.5, CC6.1]
-- min_assurance: enforced
-- reads: [v_inference, v_inference_orphan, v_counter, v_source_gap, v_manifest, v_manifest_check, v_hour, v_route]
-- population: "node-hours with traffic or counters, intents of the period, orphaned outcomes, source gaps, manifests"
-- parameters: [RUN-01a.late_minutes]
-- results:
--   pass: "everything that entered our listener was recorded and closed; says nothing about requests that never came to us"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "an hour with traffic has no counter"
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
  h.node || '@' || h.hour AS item_id,
  CASE WHEN c.value IS NULL THEN 'error' WHEN c.value <> h.n THEN 'fail' ELSE 'pass' END AS result,
  CASE WHEN c.value IS NULL THEN 'no_counter' WHEN c.value <> h.n THEN 'counter_differs' ELSE 'ok' END AS reason_code,
  h.idx AS evidence_idx
FROM (
  SELECT node, hour, sum(n) AS n, min(idx) AS idx
  FROM (
    -- The counter stands at the door and counts drills too.
    SELECT i.node, i.recorded_at / 3600000000 AS hour, 1 AS n, i.idx
    FROM events i
    JOIN period p ON i.recorded_at >= p.start_us AND i.recorded_at < p.end_us
    WHERE i.type = 'inference.requested'
    UNION ALL
    SELECT c.node, c.from_us / 3600000000, 0, c.idx
    FROM v_counter c
    JOIN period p ON c.from_us >= p.start_us AND c.from_us < p.end_us
    WHERE c.counter = 'ingress_requests'
  )
  GROUP BY node, hour
) h
LEFT JOIN (
  SELECT
    node,
    from_us / 3600000000 AS hour,
    CASE
      WHEN max(counter = 'ingress_requests') THEN sum(CASE counter WHEN 'ingress_requests' THEN value ELSE -value END)
    END AS value
  FROM v_counter
  WHERE counter IN ('ingress_requests', 'stranger_refusals', 'write_refusals')
  GROUP BY 1, 2
) c
  ON c.node = h.node AND c.hour = h.hour
UNION ALL
SELECT
  i.id,
  CASE
    WHEN i.outcomes = 1 THEN iif(i.assurance = 'enforced', 'pass', 'fail')
    WHEN i.state = 'open'
           AND p.end_us - i.at_us < 60000000 * (
             SELECT value
             FROM parameters q
             WHERE q.name = 'RUN-01a.late_minutes'
               AND q.from_idx <= i.idx
               AND (q.to_idx IS NULL OR i.idx < q.to_idx)
           )
      THEN 'not_applicable'
    ELSE 'fail'
  END,
  CASE
    WHEN i.outcomes = 1 THEN iif(i.assurance = 'enforced', 'ok', 'not_enforced')
    WHEN i.outcomes > 1 THEN 'two_outcomes'
    WHEN p.end_us - i.at_us < 60000000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'RUN-01a.late_minutes' AND q.from_idx <= i.idx AND (q.to_idx IS NULL OR i.idx < q.to_idx)
         )
      THEN 'still_running'
    ELSE 'no_outcome'
  END,
  i.idx
FROM v_inference i
JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
UNION ALL
SELECT 'orphan:' || o.id, 'fail', 'outcome_without_intent', o.idx
FROM v_inference_orphan o
UNION ALL
SELECT 'gap:' || g.node || '/' || g.stream || iif(g.incarnation = 1, '', '#' || g.incarnation) || '/' || g.seq, 'fail', 'source_gap', g.idx
FROM v_source_gap g
UNION ALL
SELECT
  'manifest:' || m.day || iif(m.copy > 1, '#' || m.copy, ''),
  iif(m.agrees, 'pass', 'fail'),
  iif(m.agrees, 'ok', 'rows_missing'),
  m.idx
FROM v_manifest_check m
JOIN period p ON m.at_us >= p.start_us AND m.at_us < p.end_us;

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
WHERE name LIKE 'RUN-01a.%'
ORDER BY name, from_idx;
