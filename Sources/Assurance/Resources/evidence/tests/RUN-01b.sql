-- ---
-- id: RUN-01b
-- control: RUN-01
-- criteria: [CC7.2, PI1.3, PI1.5, CC6.1]
-- min_assurance: enforced
-- reads: [v_inference, v_usage, v_provider, v_day, v_probe]
-- population: "closed inference records of the period; provider, day"
-- parameters: [RUN-01b.usage_ppm]
-- results:
--   pass: "fields are complete, and within the tolerance the providers counted what we counted: nothing went around us with our credentials"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "a provider-day has no imported usage: bypass is unknown"
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
    WHEN i.principal_id IS NULL
           OR i.system IS NULL
           OR i.policy IS NULL
           OR i.route_digest IS NULL
           OR i.decision IS NULL
           OR i.capture_mode IS NULL
           OR (
             i.state = 'completed'
               AND (
                 i.model_version_id IS NULL
                   OR i.binding IS NULL
                   OR i.latency_us IS NULL
                   OR i.input_tokens IS NULL
                   OR i.output_tokens IS NULL
               )
           )
      THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN i.principal_id IS NULL THEN 'no_principal'
    WHEN i.system IS NULL
           OR i.policy IS NULL
           OR i.route_digest IS NULL
           OR i.decision IS NULL
           OR i.capture_mode IS NULL
           OR (
             i.state = 'completed'
               AND (
                 i.model_version_id IS NULL
                   OR i.binding IS NULL
                   OR i.latency_us IS NULL
                   OR i.input_tokens IS NULL
                   OR i.output_tokens IS NULL
               )
           )
      THEN 'field_missing'
    ELSE 'ok'
  END AS reason_code,
  i.idx AS evidence_idx
FROM v_inference i
JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
UNION ALL
SELECT
  k.provider_id || '/' || k.day,
  CASE
    WHEN r.kind = 'rules' THEN 'not_applicable'
    WHEN u.n IS NULL THEN 'error'
    WHEN abs(u.n - k.n) * 1000000 > max(u.n, k.n) * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'RUN-01b.usage_ppm' AND q.from_idx <= k.idx AND (q.to_idx IS NULL OR k.idx < q.to_idx)
         )
      THEN 'fail'
    ELSE 'pass'
  END,
  CASE
    WHEN r.kind = 'rules' THEN 'own_answerer'
    WHEN u.n IS NULL THEN 'bypass_unknown'
    WHEN abs(u.n - k.n) * 1000000 > max(u.n, k.n) * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'RUN-01b.usage_ppm' AND q.from_idx <= k.idx AND (q.to_idx IS NULL OR k.idx < q.to_idx)
         )
      THEN CASE WHEN u.n > k.n THEN 'provider_saw_more' ELSE 'provider_saw_less' END
    ELSE 'ok'
  END,
  k.idx
FROM (
  SELECT provider_id, day, sum(n) AS n, max(idx) AS idx
  FROM (
    SELECT provider_id, date(i.at_us / 1000000, 'unixepoch') AS day, 1 AS n, i.idx
    FROM v_inference i
    JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
    WHERE i.state = 'completed' AND i.provider_id IS NOT NULL
    UNION ALL
    SELECT u.provider_id, u.day, 0, u.idx
    FROM v_usage u
    JOIN v_day d ON d.day = u.day
  )
  GROUP BY 1, 2
) k
LEFT JOIN (SELECT provider_id, day, sum(requests_count) AS n FROM v_usage WHERE outcome = 'success' GROUP BY 1, 2) u
  ON u.provider_id = k.provider_id AND u.day = k.day
LEFT JOIN v_provider r
  ON r.provider_id = k.provider_id AND r.from_idx < k.idx AND (r.to_idx IS NULL OR k.idx < r.to_idx);

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
WHERE name LIKE 'RUN-01b.%'
ORDER BY name, from_idx;
