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
WITH fields AS (
  SELECT
    i.id,
    i.idx,
    CASE
      WHEN i.principal_id IS NULL THEN 'no_principal'
      WHEN i.system IS NULL
             OR i.policy IS NULL
             OR i.route_digest IS NULL
             OR i.decision IS NULL
             OR i.capture_mode IS NULL
        THEN 'field_missing'
      WHEN i.state = 'completed'
             AND (
               i.model_version_id IS NULL
                 OR i.binding IS NULL
                 OR i.latency_us IS NULL
                 OR i.input_tokens IS NULL
                 OR i.output_tokens IS NULL
             )
        THEN 'field_missing'
      WHEN i.assurance <> 'enforced' THEN 'not_enforced'
      ELSE 'ok'
    END AS why
  FROM v_inference i
  JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
),
-- What we sent and what the provider counted, by credential. ours_unnamed: completions that do not say which credential went upstream.
counted AS (
  SELECT
    i.provider_id,
    date(i.at_us / 1000000, 'unixepoch') AS day,
    i.provider_key_id AS credential_id,
    1 AS ours,
    i.provider_key_id IS NULL AS ours_unnamed,
    NULL AS theirs,
    i.idx
  FROM v_inference i
  JOIN period p ON i.at_us >= p.start_us AND i.at_us < p.end_us
  WHERE i.state = 'completed' AND i.provider_id IS NOT NULL
  UNION ALL
  SELECT u.provider_id, u.day, u.credential_id, 0, 0, iif(u.outcome = 'success', u.requests_count, NULL), u.idx
  FROM v_usage u
  JOIN v_day d ON d.day = u.day
),
by_credential AS (
  SELECT provider_id, day, total(ours) AS ours, total(theirs) AS theirs
  FROM counted
  GROUP BY provider_id, day, credential_id
),
by_day AS (
  SELECT provider_id, day, sum(ours) AS ours, sum(theirs) AS theirs, sum(ours_unnamed) AS unnamed, max(idx) AS idx
  FROM counted
  GROUP BY provider_id, day
),
judged AS (
  SELECT
    k.*,
    r.kind,
    (
      SELECT value
      FROM parameters q
      WHERE q.name = 'RUN-01b.usage_ppm' AND q.from_idx <= k.idx AND (q.to_idx IS NULL OR k.idx < q.to_idx)
    ) AS ppm
  FROM by_day k
  LEFT JOIN v_provider r
    ON r.provider_id = k.provider_id AND r.from_idx < k.idx AND (r.to_idx IS NULL OR k.idx < r.to_idx)
),
usage AS (
  SELECT
    j.provider_id || '/' || j.day AS id,
    j.idx,
    CASE
      WHEN j.kind = 'rules' THEN 'own_answerer'
      WHEN j.theirs IS NULL THEN 'bypass_unknown'
      WHEN abs(j.theirs - j.ours) * 1000000 > max(j.theirs, j.ours) * j.ppm
        THEN iif(j.theirs > j.ours, 'provider_saw_more', 'provider_saw_less')
      -- Two credentials that differ in opposite directions must not cancel out.
      WHEN j.unnamed = 0
             AND EXISTS (
               SELECT 1
               FROM by_credential c
               WHERE c.provider_id = j.provider_id
                 AND c.day = j.day
                 AND abs(c.theirs - c.ours) * 1000000 > max(c.theirs, c.ours) * j.ppm
             )
        THEN 'credential_differs'
      ELSE 'ok'
    END AS why
  FROM judged j
)
SELECT id AS item_id, iif(why = 'ok', 'pass', 'fail') AS result, why AS reason_code, idx AS evidence_idx
FROM fields
UNION ALL
SELECT
  id,
  CASE why
    WHEN 'ok' THEN 'pass'
    WHEN 'own_answerer' THEN 'not_applicable'
    WHEN 'bypass_unknown' THEN 'error'
    ELSE 'fail'
  END,
  why,
  idx
FROM usage;

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
