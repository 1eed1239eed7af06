-- ---
-- id: AGT-02a
-- control: AGT-02
-- criteria: [CC6.3, CC5.1, CC8.1]
-- min_assurance: enforced
-- reads: [v_agent_action, v_agent_action_orphan, v_approval_valid, v_grant, v_human_active]
-- population: "executed actions of sensitive or unclassified tools; executions without proposal; approvals used"
-- parameters: [AGT-02a.approval_minutes, AGT-02a.min_view_ms]
-- results:
--   pass: "an entitled other human, still active, approved exactly these arguments first, and the action ran once"
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
  x.id AS item_id,
  CASE why WHEN 'ok' THEN 'pass' ELSE 'fail' END AS result,
  why AS reason_code,
  x.executed_idx AS evidence_idx
FROM (
  SELECT
    i.id,
    i.executed_idx,
    CASE
      WHEN i.assurance <> 'enforced' THEN 'not_enforced'
      WHEN i.executions > 1 THEN 'executed_twice'
      WHEN i.executed_digest IS NOT i.arguments_digest THEN 'arguments_changed'
      WHEN a.idx IS NULL THEN 'no_approval_before'
      WHEN a.human IS NULL THEN 'approver_unresolved'
      WHEN a.human IS i.requester_human OR i.requester_human IS NULL THEN 'approver_is_requester'
      WHEN a.binds_digest IS NOT i.digest THEN 'approval_of_other_action'
      WHEN a.withdrawn_idx < i.executed_idx
             OR a.expires_us IS NULL
             OR a.expires_us <= i.executed_us
             OR i.executed_us - a.at_us > 60000000 * (
               SELECT value
               FROM parameters q
               WHERE q.name = 'AGT-02a.approval_minutes'
                 AND q.from_idx <= i.idx
                 AND (q.to_idx IS NULL OR i.idx < q.to_idx)
             )
        THEN 'approval_lapsed'
      WHEN NOT EXISTS (
             SELECT 1
             FROM v_human_active h
             WHERE h.human_id = a.human
               AND h.from_idx < i.executed_idx
               AND (h.to_idx IS NULL OR h.to_idx > i.executed_idx)
           )
        THEN 'approver_inactive'
      WHEN NOT EXISTS (
             SELECT 1
             FROM v_grant g
             WHERE g.beneficiary_human = a.human
               AND g.role_id = 'action_approver'
               AND g.idx < a.idx
               AND (g.end_idx IS NULL OR g.end_idx > i.executed_idx)
           )
        THEN 'approver_not_entitled'
      WHEN coalesce(a.view_ms, 0) < (
             SELECT value
             FROM parameters q
             WHERE q.name = 'AGT-02a.min_view_ms'
               AND q.from_idx <= a.idx
               AND (q.to_idx IS NULL OR a.idx < q.to_idx)
           )
        THEN 'not_looked_at'
      ELSE 'ok'
    END AS why
  FROM v_agent_action i
  JOIN period p ON i.executed_us >= p.start_us AND i.executed_us < p.end_us
  LEFT JOIN v_approval_valid a
    ON a.idx = (
      SELECT max(y.idx)
      FROM v_approval_valid y
      WHERE y.request_id = i.id
        AND y.idx < i.executed_idx
        AND EXISTS (SELECT 1 FROM json_each(i.approval_ids) j WHERE j.value = y.approval_id)
    )
  WHERE i.sensitivity IN ('sensitive', 'unclassified')
) x
UNION ALL
SELECT 'orphan:' || o.id, 'fail', 'executed_without_proposal', o.idx
FROM v_agent_action_orphan o
UNION ALL
SELECT 'reuse:' || j.value, 'fail', 'approval_used_twice', max(i.executed_idx)
FROM v_agent_action i,
  json_each(i.approval_ids) j
GROUP BY j.value
HAVING count(DISTINCT i.id) > 1;

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
WHERE name LIKE 'AGT-02a.%'
ORDER BY name, from_idx;
