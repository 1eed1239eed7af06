-- ---
-- id: ACC-02c
-- control: ACC-02
-- criteria: [CC6.1, CC6.2, CC6.3]
-- min_assurance: enforced
-- reads: [v_grant, v_grant_use, v_task, v_grant_renewal, v_log_present]
-- population: "grants in force at the period end that existed throughout the window before it"
-- parameters: [ACC-02c.unused_days]
-- results:
--   pass: "every grant unused for the window has an open removal task or a justification renewed by somebody else"
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
  CASE WHEN u.n > 0 OR t.n > 0 OR r.n > 0 THEN 'pass' ELSE 'fail' END AS result,
  CASE
    WHEN u.n > 0 THEN 'used'
    WHEN t.n > 0 THEN 'removal_open'
    WHEN r.n > 0 THEN 'renewed'
    WHEN own.n > 0 THEN 'renewed_by_beneficiary'
    ELSE 'unused_without_task'
  END AS reason_code,
  g.idx AS evidence_idx
FROM (
  SELECT
    g.*,
    p.end_us AS until_us,
    p.end_us - 86400000000 * (
      SELECT value
      FROM parameters q
      WHERE q.name = 'ACC-02c.unused_days'
        AND q.from_idx <= 9000000000000000
        AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
    ) AS since_us
  FROM v_grant g,
    period p
  WHERE g.at_us < p.end_us
    AND (g.end_us IS NULL OR g.end_us >= p.end_us)
    AND (g.expires_us IS NULL OR g.expires_us >= p.end_us)
) g
JOIN (
  SELECT
    g2.id,
    (
      SELECT count(*)
      FROM v_grant_use x,
        period p
      WHERE x.grant_id = g2.id
        AND x.at_us < p.end_us
        AND x.at_us >= p.end_us - 86400000000 * (
          SELECT value
          FROM parameters q
          WHERE q.name = 'ACC-02c.unused_days'
            AND q.from_idx <= 9000000000000000
            AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
        )
    ) AS n
  FROM v_grant g2
) u
  ON u.id = g.id
JOIN (
  SELECT
    g3.id,
    (
      SELECT count(*)
      FROM v_task k,
        period p
      WHERE k.kind = 'remove'
        AND k.cause_id = g3.id
        AND k.at_us < p.end_us
        AND (k.end_us IS NULL OR k.end_us >= p.end_us)
    ) AS n
  FROM v_grant g3
) t
  ON t.id = g.id
JOIN (
  SELECT
    g4.id,
    (
      SELECT count(*)
      FROM v_grant_renewal k,
        period p
      WHERE k.id = g4.id
        AND k.human IS NOT NULL
        AND k.human IS NOT g4.beneficiary_human
        AND k.at_us < p.end_us
        AND k.at_us >= p.end_us - 86400000000 * (
          SELECT value
          FROM parameters q
          WHERE q.name = 'ACC-02c.unused_days'
            AND q.from_idx <= 9000000000000000
            AND (q.to_idx IS NULL OR 9000000000000000 < q.to_idx)
        )
    ) AS n
  FROM v_grant g4
) r
  ON r.id = g.id
JOIN (
  SELECT
    g5.id,
    (SELECT count(*) FROM v_grant_renewal k WHERE k.id = g5.id AND k.human = g5.beneficiary_human) AS n
  FROM v_grant g5
) own
  ON own.id = g.id
WHERE g.at_us <= g.since_us;

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
WHERE name LIKE 'ACC-02c.%'
ORDER BY name, from_idx;
