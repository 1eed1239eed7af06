-- ---
-- id: LOG-01a
-- control: LOG-01
-- criteria: [CC7.2, CC7.3, PI1.5, CC2.1]
-- min_assurance: observed
-- reads: [v_log_epoch, v_log_check, v_anchor, v_source_gap, v_manifest, v_manifest_check, v_event, v_coverage, v_fact, v_day]
-- population: "days of the period; source gaps"
-- parameters: [LOG-01a.stalled_minutes]
-- results:
--   pass: "each day the whole log was verified, agrees with a checkpoint held by somebody else, and the reader rebuilt the same root"
--   fail: "at least one item breaks the rule; the reason code says which part"
--   error: "the reader has not rebuilt the tree, or recorded and recomputed facts disagree"
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
    WHEN why = 'ok' THEN 'pass'
    WHEN why IN ('not_recomputed', 'facts_disagree') THEN 'error'
    ELSE 'fail'
  END AS result,
  why AS reason_code,
  idx AS evidence_idx
FROM (
  SELECT
    d.day,
    v.idx,
    CASE
      WHEN NOT d.has_manifest THEN 'no_manifest'
      WHEN v.idx IS NULL THEN 'not_verified'
      WHEN v.assurance = 'reported' THEN 'not_enforced'
      WHEN v.outcome <> 'success' OR v.gap_count IS NOT 0 OR v.bad_hash_count IS NOT 0 THEN 'verification_failed'
      WHEN v.first_idx IS NOT 0 THEN 'not_from_the_start'
      WHEN EXISTS (SELECT 1 FROM v_manifest_check m WHERE m.day = d.day AND NOT m.agrees) THEN 'manifest_differs'
      -- Whatever was recorded well before the verification must be in the tree that it verified.
      WHEN v.tree_size <= (
             SELECT e.idx
             FROM events e
             WHERE e.recorded_at < v.at_us - 60000000 * (
               SELECT value
               FROM parameters q
               WHERE q.name = 'LOG-01a.stalled_minutes'
                 AND q.from_idx <= v.idx
                 AND (q.to_idx IS NULL OR v.idx < q.to_idx)
             )
             ORDER BY e.recorded_at DESC, e.idx DESC
             LIMIT 1
           )
        THEN 'checkpoint_stalled'
      WHEN a.idx IS NULL THEN 'no_outside_anchor'
      WHEN w.idx IS NOT NULL THEN 'anchor_differs'
      WHEN f.value IS NULL OR NOT f.recomputed THEN 'not_recomputed'
      WHEN f.value = 'disagree' THEN 'facts_disagree'
      WHEN f.value <> v.root THEN 'root_differs'
      ELSE 'ok'
    END AS why
  FROM v_coverage d
  LEFT JOIN v_log_check v
    ON v.idx = (SELECT max(x.idx) FROM v_log_check x WHERE x.at_us >= d.from_us AND x.at_us < d.to_us)
  LEFT JOIN v_anchor a
    ON a.idx = (
      SELECT max(x.idx)
      FROM v_anchor x
      WHERE x.outcome = 'success'
        AND x.assurance <> 'reported'
        AND x.tree_size = v.tree_size
        AND x.root = v.root
        AND x.same_host = 0
        AND x.administrator_id IS NOT NULL
        AND x.administrator_id <> 'self'
    )
  LEFT JOIN v_anchor w
    ON w.idx = (
      SELECT max(x.idx)
      FROM v_anchor x
      WHERE x.outcome = 'success' AND x.tree_size = v.tree_size AND x.root <> v.root
    )
  LEFT JOIN v_fact f ON f.name = 'chain' AND f.item_id = CAST(v.tree_size AS TEXT)
) d
UNION ALL
SELECT 'gap:' || node || '/' || stream || iif(incarnation = 1, '', '#' || incarnation) || '/' || seq, 'fail', 'source_gap', idx
FROM v_source_gap;

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
WHERE name LIKE 'LOG-01a.%'
ORDER BY name, from_idx;
