-- ---
-- id: ACC-05c
-- control: ACC-05
-- criteria: [CC6.2, CC6.3, CC4.1]
-- min_assurance: enforced
-- reads: [v_review_item, v_review_decision, v_review_enactment, v_grant, v_collection]
-- population: "revoke decisions, and keep decisions on privileged entitlements, of the period"
-- parameters: [ACC-05c.revoke_days]
-- results:
--   pass: "each revocation was carried out in time, proved, and stayed; each privileged keep has a reason"
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
  d.id AS item_id,
  CASE
    WHEN d.decision = 'keep' THEN CASE WHEN d.reason_digest IS NULL THEN 'fail' ELSE 'pass' END
    WHEN e.idx IS NULL
           OR e.at_us - d.at_us > 86400000000 * (
             SELECT value
             FROM parameters q
             WHERE q.name = 'ACC-05c.revoke_days' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
           )
      THEN 'fail'
    WHEN e.still_present OR e.proof_id IS NULL THEN 'fail'
    WHEN i.collection_source_id IS NOT NULL AND (e.proof <> 'next_collection' OR k.idx IS NULL) THEN 'fail'
    WHEN i.collection_source_id IS NULL AND gr.end_idx IS NULL THEN 'fail'
    WHEN back.idx IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS result,
  CASE
    WHEN d.decision = 'keep' THEN CASE WHEN d.reason_digest IS NULL THEN 'keep_without_reason' ELSE 'ok' END
    WHEN e.idx IS NULL THEN 'not_enacted'
    WHEN e.at_us - d.at_us > 86400000000 * (
           SELECT value
           FROM parameters q
           WHERE q.name = 'ACC-05c.revoke_days' AND q.from_idx <= d.idx AND (q.to_idx IS NULL OR d.idx < q.to_idx)
         )
      THEN 'enacted_late'
    WHEN e.still_present THEN 'still_present'
    WHEN e.proof_id IS NULL THEN 'not_proved'
    WHEN i.collection_source_id IS NOT NULL AND (e.proof <> 'next_collection' OR k.idx IS NULL)
      THEN 'no_collection_after'
    WHEN i.collection_source_id IS NULL AND gr.end_idx IS NULL THEN 'grant_still_active'
    WHEN back.idx IS NOT NULL THEN 'came_back'
    ELSE 'ok'
  END AS reason_code,
  d.idx AS evidence_idx
FROM v_review_decision d
JOIN period p ON d.at_us >= p.start_us AND d.at_us < p.end_us
JOIN v_review_item i ON i.id = d.request_id
LEFT JOIN v_review_enactment e
  ON e.idx = (SELECT min(x.idx) FROM v_review_enactment x WHERE x.request_id = i.id AND x.idx > d.idx)
LEFT JOIN v_collection k
  ON k.id = e.proof_id
    AND k.idx > d.idx
    AND k.outcome = 'success'
    AND k.permission_ok
    AND k.source_id = i.collection_source_id
LEFT JOIN v_grant gr ON gr.id = i.grant_id
LEFT JOIN v_grant back
  ON back.idx = (
    SELECT min(x.idx)
    FROM v_grant x
    WHERE x.idx > gr.end_idx
      AND x.beneficiary_id = gr.beneficiary_id
      AND x.role_id = gr.role_id
      AND x.asset_id IS gr.asset_id
      AND x.request_id IS NULL
  )
WHERE d.decision = 'revoke' OR (d.decision = 'keep' AND i.privileged);

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
WHERE name LIKE 'ACC-05c.%'
ORDER BY name, from_idx;
