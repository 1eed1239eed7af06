-- ---
-- id: ACC-02a
-- control: ACC-02
-- criteria: [CC6.1, CC6.2, CC6.3]
-- min_assurance: enforced
-- reads: [v_grant, v_grant_request, v_approval_valid, v_principal_human, v_grant_use]
-- population: "grants activated in the period, and grants used in the period that the log never saw activated"
-- parameters: []
-- results:
--   pass: "each grant answers a request that its asset owner or delegate, another human, approved first"
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
  g.id AS item_id,
  CASE
    WHEN g.assurance <> 'enforced' THEN 'fail'
    WHEN r.id IS NULL THEN 'fail'
    WHEN g.request_digest IS NOT r.digest THEN 'fail'
    WHEN ok.idx IS NOT NULL THEN 'pass'
    ELSE 'fail'
  END AS result,
  CASE
    WHEN g.assurance <> 'enforced' THEN 'not_enforced'
    WHEN r.id IS NULL THEN 'no_request'
    WHEN g.request_digest IS NOT r.digest THEN 'other_request'
    WHEN ok.idx IS NOT NULL THEN 'ok'
    WHEN any_.idx IS NULL THEN 'no_approval_before'
    WHEN any_.human IS NULL THEN 'approver_unresolved'
    WHEN any_.human IN (g.beneficiary_human, r.beneficiary_human, coalesce(ph.human_id, ''))
      THEN 'approver_is_beneficiary'
    WHEN any_.binds_digest IS NOT r.digest THEN 'approval_of_other_digest'
    WHEN any_.expires_us <= g.at_us OR any_.withdrawn_idx < g.idx THEN 'approval_lapsed'
    ELSE 'approver_not_entitled'
  END AS reason_code,
  g.idx AS evidence_idx
FROM v_grant g
JOIN period p ON g.at_us >= p.start_us AND g.at_us < p.end_us
LEFT JOIN v_grant_request r ON r.id = g.request_id AND r.idx < g.idx
LEFT JOIN v_principal_human ph
  ON ph.principal_id = g.beneficiary_id AND ph.from_idx < g.idx AND (ph.to_idx IS NULL OR g.idx < ph.to_idx)
LEFT JOIN v_approval_valid any_
  ON any_.idx = (SELECT max(a.idx) FROM v_approval_valid a WHERE a.request_id = r.id AND a.idx < g.idx)
LEFT JOIN v_approval_valid ok
  ON ok.idx = (
    SELECT max(a.idx)
    FROM v_approval_valid a
    WHERE a.request_id = r.id
      AND a.idx < g.idx
      AND a.human IS NOT NULL
      AND a.human IS NOT g.beneficiary_human
      AND a.human IS NOT r.beneficiary_human
      AND a.human IS NOT ph.human_id
      AND a.human IS NOT ph.owner_human
      AND a.binds_digest = r.digest
      AND (a.expires_us IS NULL OR a.expires_us > g.at_us)
      AND (a.withdrawn_idx IS NULL OR a.withdrawn_idx > g.idx)
      AND (a.human = r.owner_human OR a.role_id = 'asset_delegate')
  )
UNION ALL
SELECT DISTINCT u.grant_id, 'fail', 'grant_not_in_log', min(u.idx) OVER (PARTITION BY u.grant_id)
FROM v_grant_use u
JOIN period p ON u.at_us >= p.start_us AND u.at_us < p.end_us
WHERE NOT EXISTS (
  SELECT 1
  FROM events a
  WHERE a.type = 'grant.activated' AND a.resource_id = u.grant_id AND a.idx < u.idx
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
WHERE name LIKE 'ACC-02a.%'
ORDER BY name, from_idx;
