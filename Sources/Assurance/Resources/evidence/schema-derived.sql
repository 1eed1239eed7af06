-- ===== helpers =====
CREATE VIEW v_event AS
SELECT *
FROM events
WHERE is_drill = 0;

-- everything but drills
-- recorded within the period
CREATE VIEW v_period_event AS
SELECT e.*
FROM events e,
  period p
WHERE e.is_drill = 0 AND e.recorded_at >= p.start_us AND e.recorded_at < p.end_us;

-- Assurance as a number: a row satisfies a test when rank >= the rank of the test's min_assurance.
CREATE VIEW v_assurance_rank(assurance, rank) AS
VALUES ('reported', 1), ('observed', 2), ('attested', 3), ('enforced', 4);

-- Days (UTC) that the period touches.
CREATE VIEW v_day AS
WITH RECURSIVE d(from_us) AS (
  SELECT start_us / 86400000000 * 86400000000
  FROM period
  UNION ALL
  SELECT from_us + 86400000000
  FROM d,
    period
  WHERE from_us + 86400000000 < end_us
)
SELECT date(from_us / 1000000, 'unixepoch') AS day, from_us, from_us + 86400000000 AS to_us
FROM d;

-- Hours (UTC) of the period.
CREATE VIEW v_hour AS
WITH RECURSIVE h(from_us) AS (
  SELECT start_us / 3600000000 * 3600000000
  FROM period
  UNION ALL
  SELECT from_us + 3600000000
  FROM h,
    period
  WHERE from_us + 3600000000 < end_us
)
SELECT from_us, from_us + 3600000000 AS to_us
FROM h;

-- Calendar quarters that the period touches; complete = 1 when the quarter ends within the period.
CREATE VIEW v_quarter AS
SELECT
  quarter,
  min(from_us) AS from_us,
  max(to_us) AS to_us,
  max(to_us) = unixepoch(max(first_of_next)) * 1000000 AS complete
FROM (
  SELECT
    from_us,
    to_us,
    substr(day, 1, 4) || 'Q' || ((substr(day, 6, 2) + 2) / 3) AS quarter,
    date(
      substr(day, 1, 5) || printf('%02d', ((substr(day, 6, 2) - 1) / 3) * 3 + 1) || '-01',
      '+3 months'
    ) AS first_of_next
  FROM v_day
)
GROUP BY quarter;

-- Is the log itself there for each day? No manifest = no evidence for that day.
CREATE VIEW v_coverage AS
SELECT
  d.day,
  d.from_us,
  d.to_us,
  EXISTS (SELECT 1 FROM events e WHERE e.type = 'manifest.closed' AND e.data->>'day' = d.day) AS has_manifest
FROM v_day d;

-- 1 when every day of the period has its manifest.
CREATE VIEW v_log_present AS
SELECT count(*) > 0 AND min(has_manifest) = 1 AS present
FROM v_coverage;

-- Where the leaves held here begin in the log: 0 for a whole log.
CREATE VIEW v_held AS
SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'first_idx'), 0) AS first_idx;

-- Manifests against the rows they speak of: their number, the counts by type, and each source's first and last number.
-- Manifests that reach back before the leaves held here are left out.
CREATE VIEW v_manifest_check AS
SELECT
  v.idx,
  v.at_us,
  v.day,
  (SELECT count(*) FROM events e WHERE e.idx BETWEEN v.first_idx AND v.last_idx) = v.last_idx - v.first_idx + 1
    AND NOT EXISTS (
      SELECT j.key, j.value FROM json_each(v.counts) j
      EXCEPT
      SELECT e.type, count(*) FROM events e WHERE e.idx BETWEEN v.first_idx AND v.last_idx GROUP BY e.type
    )
    AND NOT EXISTS (
      SELECT e.type, count(*) FROM events e WHERE e.idx BETWEEN v.first_idx AND v.last_idx GROUP BY e.type
      EXCEPT
      SELECT j.key, j.value FROM json_each(v.counts) j
    )
    AND NOT EXISTS (
      SELECT j.value->>'node', j.value->>'incarnation', j.value->>'stream', j.value->>'first', j.value->>'last'
      FROM json_each(v.sources) j
      EXCEPT
      SELECT e.node, e.incarnation, e.stream, min(e.seq), max(e.seq)
      FROM events e
      WHERE e.idx BETWEEN v.first_idx AND v.last_idx
      GROUP BY e.node, e.incarnation, e.stream
    )
    AND NOT EXISTS (
      SELECT e.node, e.incarnation, e.stream, min(e.seq), max(e.seq)
      FROM events e
      WHERE e.idx BETWEEN v.first_idx AND v.last_idx
      GROUP BY e.node, e.incarnation, e.stream
      EXCEPT
      SELECT j.value->>'node', j.value->>'incarnation', j.value->>'stream', j.value->>'first', j.value->>'last'
      FROM json_each(v.sources) j
    ) AS agrees,
  row_number() OVER (PARTITION BY v.day ORDER BY v.idx) AS copy
FROM v_manifest v
WHERE v.first_idx >= (SELECT first_idx FROM v_held);

-- Source gaps: a number missing between two neighbours of one source. A source begins with 0; where the leaves begin within the log
-- (meta first_idx), what its first number here should be is not known, and it is taken as it is.
CREATE VIEW v_source_gap AS
SELECT node, incarnation, stream, idx, seq, prev_seq
FROM (
  SELECT
    node,
    incarnation,
    stream,
    idx,
    seq,
    lag(seq, 1, iif((SELECT first_idx FROM v_held) = 0, -1, seq - 1)) OVER (PARTITION BY node, incarnation, stream ORDER BY seq) AS prev_seq
  FROM events
)
WHERE seq <> prev_seq + 1;

-- recorded_at running backwards.
CREATE VIEW v_time_regression AS
SELECT idx, recorded_at, prev_at
FROM (SELECT idx, recorded_at, lag(recorded_at) OVER (ORDER BY idx) AS prev_at FROM events)
WHERE recorded_at < prev_at;

-- Facts with both origins: a disagreement is a value of its own and never passes.
CREATE VIEW v_fact AS
-- from the table fact: 'fact.recorded', and what the reader recomputed
SELECT
  name,
  item_id,
  CASE WHEN count(DISTINCT value) > 1 THEN 'disagree' ELSE max(value) END AS value,
  group_concat(DISTINCT method) AS methods,
  max(origin = 'recomputed') AS recomputed,
  max(idx) AS idx
FROM fact
GROUP BY name, item_id;


-- ===== configuration in force =====
-- Every version of every governed object. from_idx <= x < to_idx: in force at x (to_idx NULL: still). mode: enforce | observe | disabled.
CREATE VIEW v_config AS
SELECT
  e.idx AS from_idx,
  lead(e.idx) OVER w AS to_idx,
  e.recorded_at AS from_us,
  lead(e.recorded_at) OVER w AS to_us,
  e.resource_type AS object_type,
  e.resource_id AS object_id,
  e.resource_version AS version,
  e.actor_human AS human,
  e.assurance,
  e.is_solo,
  e.data->>'change_set_id' AS change_set_id,
  e.data->>'change_set_digest' AS change_set_digest,
  e.data->>'before_digest' AS before_digest,
  e.data->>'after_digest' AS after_digest,
  coalesce(e.data->>'mode', 'enforce') AS mode,
  e.data->>'value_int' AS value_int,
  e.data->>'value_text' AS value_text,
  e.data->'attributes' AS attributes
FROM events e
WHERE e.type = 'config.changed' AND e.is_drill = 0
WINDOW w AS (PARTITION BY e.resource_type, e.resource_id ORDER BY e.idx);

-- Parameters: the value that a test uses at a position in the log. Weaker than the catalogue allows is clamped, and shown in deviation.
-- from_idx -1: the catalogue default, until somebody approved another.
CREATE VIEW parameters AS
SELECT
  name,
  from_idx,
  to_idx,
  declared_value,
  CASE stricter WHEN 'lower' THEN min(declared_value, weakest) ELSE max(declared_value, weakest) END AS value,
  declared_value - default_value AS deviation_from_default,
  weakest,
  CASE stricter WHEN 'lower' THEN declared_value > weakest ELSE declared_value < weakest END AS beyond_floor
FROM (
  SELECT
    c.name,
    -1 AS from_idx,
    (
      SELECT min(v.from_idx) FROM v_config v WHERE v.object_type = 'parameter' AND v.object_id = c.name
    ) AS to_idx,
    c.default_value AS declared_value,
    c.default_value,
    c.weakest,
    c.stricter
  FROM catalogue_parameter c
  UNION ALL
  SELECT
    c.name,
    v.from_idx,
    v.to_idx,
    v.value_int,
    c.default_value,
    c.weakest,
    c.stricter
  FROM catalogue_parameter c
  JOIN v_config v ON v.object_type = 'parameter' AND v.object_id = c.name
);

CREATE VIEW v_config_parameter AS
SELECT *
FROM parameters;

-- same, under the noun's name
-- Attributes per object type (attributes object of config.changed); columns are NULL where a type lacks them.
CREATE VIEW v_route AS
SELECT
  from_idx,
  to_idx,
  from_us,
  to_us,
  object_id AS route_id,
  after_digest,
  mode,
  attributes->>'system' AS system,
  attributes->>'published' AS published,
  attributes->>'log_required' AS log_required,
  attributes->>'capture_mode' AS capture_mode,
  attributes->>'guard_in_digest' AS guard_in_digest,
  attributes->>'guard_out_digest' AS guard_out_digest,
  attributes->>'binding_required' AS binding_required,
  attributes->>'risk_class' AS risk_class,
  attributes->>'critical' AS critical,
  attributes->'regions' AS regions,
  attributes->'fallbacks' AS fallbacks,
  attributes->'limits' AS limits,
  attributes->>'logprobs' AS logprobs
FROM v_config
WHERE object_type = 'route';

CREATE VIEW v_provider AS
SELECT
  from_idx,
  to_idx,
  from_us,
  to_us,
  object_id AS provider_id,
  after_digest,
  mode,
  attributes->>'region' AS region,
  attributes->>'region_proof' AS region_proof,
  attributes->>'vendor_id' AS vendor_id,
  attributes->>'plan' AS plan,
  attributes->>'training_use' AS training_use,
  attributes->'classes' AS classes,
  attributes->>'kind' AS kind
FROM v_config
WHERE object_type = 'provider';

CREATE VIEW v_agent AS
SELECT
  from_idx,
  to_idx,
  from_us,
  to_us,
  object_id AS agent_id,
  mode,
  attributes->>'owner_human' AS owner_human,
  attributes->>'purpose_code' AS purpose_code,
  attributes->>'allow_list_id' AS allow_list_id,
  attributes->>'budget' AS budget,
  attributes->>'max_depth' AS max_depth
FROM v_config
WHERE object_type = 'agent';

CREATE VIEW v_tool AS
SELECT
  from_idx,
  to_idx,
  from_us,
  to_us,
  object_id AS tool_id,
  after_digest AS definition_digest,
  mode,
  coalesce(attributes->>'sensitivity', 'unclassified') AS sensitivity,
  attributes->>'server_id' AS server_id
FROM v_config
WHERE object_type = 'tool';

CREATE VIEW v_allow_list AS
SELECT c.from_idx, c.to_idx, c.object_id AS allow_list_id, c.after_digest, j.value AS entry
FROM v_config c,
  json_each(c.attributes, '$.entries') j
WHERE c.object_type = 'allow_list';

CREATE VIEW v_test_definition AS
SELECT
  from_idx,
  to_idx,
  from_us,
  to_us,
  object_id AS test_id,
  after_digest,
  mode,
  change_set_id
FROM v_config
WHERE object_type = 'control_test';

CREATE VIEW v_system_config AS
SELECT *
FROM v_config
WHERE object_type IN (
  'monitor',
  'detector',
  'collector',
  'retention',
  'capture',
  'notice_map',
  'reachability',
  'gate',
  'conflict_matrix',
  'policy',
  'role',
  'prompt',
  'guardrail',
  'threshold'
);


-- ===== people and approvals =====
-- The human behind each principal, by interval. human_id NULL: nobody resolvable.
CREATE VIEW v_principal_human AS
SELECT
  resource_id AS principal_id,
  idx AS from_idx,
  lead(idx) OVER (PARTITION BY resource_id ORDER BY idx) AS to_idx,
  data->>'human_id' AS human_id,
  data->>'owner_human' AS owner_human,
  data->>'principal_kind' AS principal_kind,
  type = 'user.deactivated' AS inactive
FROM events
WHERE type IN ('user.created', 'user.changed', 'user.deactivated') AND is_drill = 0;

-- Humans active at a position: at least one person account of theirs not deactivated.
CREATE VIEW v_human_active AS
SELECT
  e.data->>'human_id' AS human_id,
  e.idx AS from_idx,
  e.recorded_at AS from_us,
  (
    SELECT min(x.idx)
    FROM events x
    WHERE x.type = 'user.deactivated' AND x.resource_id = e.resource_id AND x.idx > e.idx
  ) AS to_idx,
  (
    SELECT min(x.recorded_at)
    FROM events x
    WHERE x.type = 'user.deactivated' AND x.resource_id = e.resource_id AND x.idx > e.idx
  ) AS to_us
FROM events e
WHERE e.type = 'user.created' AND e.data->>'principal_kind' = 'person';

-- Approvals that count: verdict approve, by a principal behind whom the human stood at that moment. Withdrawal and expiry are columns.
-- human: as resolved from the principal history where it exists, else the envelope's; NULL never counts as a person.
CREATE VIEW v_approval_valid AS
SELECT
  e.idx,
  e.recorded_at AS at_us,
  e.resource_id AS approval_id,
  e.request_id,
  e.actor_id,
  e.assurance,
  CASE
    WHEN EXISTS (SELECT 1 FROM v_principal_human p WHERE p.principal_id = e.actor_id)
      THEN (
          SELECT p.human_id
          FROM v_principal_human p
          WHERE p.principal_id = e.actor_id
            AND p.inactive = 0
            AND p.from_idx < e.idx
            AND (p.to_idx IS NULL OR e.idx < p.to_idx)
        )
    ELSE e.actor_human
  END AS human,
  e.data->>'binds_digest' AS binds_digest,
  e.data->>'role_id' AS role_id,
  e.data->>'single_use' AS single_use,
  e.data->>'view_ms' AS view_ms,
  coalesce(e.data->>'stage', 'before') AS stage,
  (unixepoch(substr(e.data->>'expires_at', 1, 19)) * 1000000 + substr(e.data->>'expires_at', 21, 6)) AS expires_us,
  (
    SELECT min(w.idx)
    FROM events w
    WHERE w.type = 'approval.decided'
      AND w.request_id = e.request_id
      AND w.actor_human = e.actor_human
      AND w.data->>'verdict' IN ('withdraw', 'reject')
      AND w.idx > e.idx
  ) AS withdrawn_idx
FROM events e
WHERE e.type = 'approval.decided' AND e.is_drill = 0 AND e.data->>'verdict' = 'approve';

-- Approver and author are told apart in change sets; solo = no second person existed.
CREATE VIEW v_change_set_approval AS
SELECT
  c.idx,
  c.id AS change_set_id,
  c.digest,
  c.author_human,
  c.emergency,
  a.idx AS approval_idx,
  a.human AS approver_human,
  a.binds_digest = c.digest AS bound
FROM v_change_set c
LEFT JOIN v_approval_valid a ON a.request_id = c.id;


-- ===== access =====
-- Uses of a grant: inference intents that were allowed, and other allowed decisions.
CREATE VIEW v_grant_use AS
SELECT g.value AS grant_id, e.idx, e.recorded_at AS at_us
FROM events e,
  json_each(e.data, '$.grants') g
WHERE e.type IN ('inference.requested', 'access.decided', 'agent_action.decided')
  AND e.outcome = 'success'
  AND e.is_drill = 0;


-- ===== inference: one row per intent, joined to its outcome =====
-- state: completed | denied | failed | aborted | open. outcomes: how many outcome events name this intent (must be 1).
-- Materialised at scale.
CREATE VIEW v_inference AS
SELECT
  r.idx,
  r.id,
  r.recorded_at AS at_us,
  r.node,
  r.stream,
  r.actor_type,
  r.actor_id,
  r.actor_human AS human,
  r.system,
  r.policy,
  r.assurance,
  r.classification,
  r.is_simulated,
  r.outcome AS intent_outcome,
  r.data->>'principal_id' AS principal_id,
  r.data->>'credential_id' AS credential_id,
  r.data->>'tenant_id' AS tenant_id,
  r.data->>'route_id' AS route_id,
  r.data->>'route_digest' AS route_digest,
  r.data->'deployment_ids' AS deployment_ids,
  r.data->'grants' AS grants,
  r.data->>'decision' AS decision,
  r.data->>'region' AS region,
  r.data->>'streamed' AS streamed,
  r.data->>'capture_mode' AS capture_mode,
  r.data->>'sampled' AS sampled,
  r.data->>'guard_in_digest' AS guard_in_digest,
  r.data->>'guard_in_verdict' AS guard_in_verdict,
  r.data->>'guard_in_severity' AS guard_in_severity,
  r.data->>'logprobs' AS logprobs,
  r.data->>'window_count' AS window_count,
  r.data->>'limit_count' AS limit_count,
  o.idx AS outcome_idx,
  o.recorded_at AS outcome_us,
  coalesce(substr(o.type, 11), 'open') AS state,
  o.reason_code AS outcome_reason,
  (
    SELECT count(*)
    FROM events c
    WHERE c.request_id = r.id
      AND c.type IN ('inference.completed', 'inference.denied', 'inference.failed', 'inference.aborted')
  ) AS outcomes,
  o.data->>'deployment_id' AS deployment_id,
  o.data->>'model_version_id' AS model_version_id,
  o.data->>'binding' AS binding,
  o.data->>'artifact_digest' AS artifact_digest,
  o.data->>'provider_id' AS provider_id,
  o.data->>'provider_model' AS provider_model,
  o.data->>'fingerprint' AS fingerprint,
  o.data->>'region' AS served_region,
  o.data->>'guard_out_digest' AS guard_out_digest,
  o.data->>'guard_out_verdict' AS guard_out_verdict,
  o.data->>'guard_action_digest' AS guard_action_digest,
  o.data->>'released_digest' AS released_digest,
  o.data->>'input_tokens' AS input_tokens,
  o.data->>'output_tokens' AS output_tokens,
  o.data->>'latency_us' AS latency_us,
  o.data->>'finish' AS finish,
  o.data->>'degraded' AS degraded,
  o.data->>'disclosure_marker' AS disclosure_marker,
  r.commitments,
  r.data->>'host_digest' AS host_digest,
  o.data->>'provider_key_id' AS provider_key_id,
  o.data->>'upstream_request_id' AS upstream_request_id,
  o.data->>'first_byte_us' AS first_byte_us,
  o.data->>'cost_micro' AS cost_micro
FROM events r
LEFT JOIN events o
  ON o.idx = (
    SELECT min(x.idx)
    FROM events x
    WHERE x.request_id = r.id
      AND x.type IN ('inference.completed', 'inference.denied', 'inference.failed', 'inference.aborted')
  )
WHERE r.type = 'inference.requested' AND r.is_drill = 0;

-- Outcomes that answer no intent (a deleted intent shows here). Only a whole log can say so: an intent may lie before the leaves held.
CREATE VIEW v_inference_orphan AS
SELECT o.idx, o.id, o.type, o.request_id
FROM events o
WHERE o.type IN ('inference.completed', 'inference.denied', 'inference.failed', 'inference.aborted')
  AND NOT EXISTS (SELECT 1 FROM events r WHERE r.id = o.request_id AND r.type = 'inference.requested')
  AND (SELECT first_idx FROM v_held) = 0;

-- Ids of systems, models, providers and agents seen at work, whoever told us. Reports count as sightings.
CREATE VIEW v_sighting AS
SELECT 'provider' AS kind, provider_id AS seen_id, min(idx) AS first_idx, max(idx) AS last_idx
FROM (
  SELECT o.data->>'provider_id' AS provider_id, o.idx
  FROM events o
  WHERE o.type IN (
    'inference.completed',
    'inference.failed',
    'inference.denied',
    'egress.decided',
    'usage.imported'
  )
    AND o.is_drill = 0
)
WHERE provider_id IS NOT NULL
GROUP BY provider_id
UNION ALL
SELECT 'model', m, min(idx), max(idx)
FROM (
  SELECT coalesce(data->>'model_version_id', data->>'provider_model') AS m, idx
  FROM events
  WHERE type IN ('inference.completed', 'deployment.started') AND is_drill = 0
)
WHERE m IS NOT NULL
GROUP BY m
UNION ALL
SELECT 'model', resource_id, min(idx), max(idx)
FROM events
WHERE type = 'snapshot.recorded' AND data->>'object_type' IN ('registry_version', 'endpoint')
GROUP BY resource_id
UNION ALL
SELECT 'agent', data->>'agent_id', min(idx), max(idx)
FROM events
WHERE type = 'agent_action.proposed' AND is_drill = 0
GROUP BY data->>'agent_id';


-- ===== registry =====
CREATE VIEW v_training_input AS
SELECT
  e.idx,
  e.resource_id AS training_run_id,
  e.actor_human AS human,
  e.system,
  j.value AS dataset_version_id
FROM events e,
  json_each(e.data, '$.inputs') j
WHERE e.type = 'training_run.started' AND e.is_drill = 0;

CREATE VIEW v_evaluation_metric AS
SELECT
  c.idx,
  c.resource_id AS evaluation_id,
  j.value->>'suite' AS suite,
  j.value->>'name' AS name,
  j.value->>'group' AS group_name,
  j.value->>'value_ppm' AS value_ppm,
  j.value->>'sample_count' AS sample_count,
  j.value->>'passed' AS passed
FROM events c,
  json_each(c.data, '$.metrics') j
WHERE c.type = 'evaluation.completed' AND c.is_drill = 0;

-- Members of each inventory version (models, providers, agents), by interval.
CREATE VIEW v_system_member AS
SELECT
  a.system_id,
  a.from_idx,
  a.to_idx,
  a.lifecycle,
  j.value->>'type' AS kind,
  j.value->>'id' AS member_id
FROM v_system_version a,
  json_each(a.members) j;

CREATE VIEW v_system_version AS
SELECT
  resource_id AS system_id,
  idx AS from_idx,
  lead(idx) OVER w AS to_idx,
  recorded_at AS from_us,
  lead(recorded_at) OVER w AS to_us,
  data->>'owner_human' AS owner_human,
  data->>'lifecycle' AS lifecycle,
  data->>'risk_class' AS risk_class,
  data->>'digest' AS digest,
  data->>'critical' AS critical,
  data->'members' AS members,
  data->'flags' AS flags
FROM events
WHERE type = 'ai_system.registered' AND is_drill = 0
WINDOW w AS (PARTITION BY resource_id ORDER BY idx);

-- Governed texts by interval; a version ends at its successor or withdrawal. from_us = later of recording and claimed effect (a claim never moves it earlier).
CREATE VIEW v_document_version AS
SELECT
  e.resource_id AS document_id,
  e.resource_version AS version,
  e.data->>'kind' AS kind,
  e.data->>'about_id' AS about_id,
  e.idx AS from_idx,
  max(e.recorded_at, coalesce(e.effective_at, 0)) AS from_us,
  lead(e.idx) OVER w AS to_idx,
  lead(max(e.recorded_at, coalesce(e.effective_at, 0))) OVER w AS to_us,
  e.data->>'digest' AS digest,
  e.data->>'author_human' AS author_human,
  e.data->>'request_id' AS request_id,
  e.data->'items' AS items,
  e.type = 'document_version.withdrawn' AS withdrawn
FROM events e
WHERE e.type IN ('document_version.published', 'document_version.withdrawn') AND e.is_drill = 0
WINDOW w AS (PARTITION BY e.resource_id ORDER BY e.idx);

-- Which version of which kind of text was in force at the end of each day.
CREATE VIEW v_document_day AS
SELECT
  d.day,
  k.kind,
  (
    SELECT v.document_id
    FROM v_document_version v
    WHERE v.kind = k.kind AND v.withdrawn = 0 AND v.from_us < d.to_us AND (v.to_us IS NULL OR v.to_us >= d.to_us)
    LIMIT 1
  ) AS document_id
FROM v_day d,
  (SELECT DISTINCT kind FROM v_document_version) k;

-- Systems in production by day: an open production deployment, or allowed traffic.
CREATE VIEW v_system_day AS
SELECT DISTINCT d.day, d.from_us, d.to_us, x.system
FROM v_day d
JOIN v_deployment x
  ON x.environment = 'production' AND x.at_us < d.to_us AND (x.end_us IS NULL OR x.end_us > d.from_us);


-- ===== agents: one row per proposed action =====
CREATE VIEW v_agent_action AS
SELECT
  p.idx,
  p.id,
  p.recorded_at AS at_us,
  p.actor_id,
  p.system,
  p.assurance,
  p.policy,
  p.is_simulated,
  p.data->>'agent_id' AS agent_id,
  p.data->>'tool_id' AS tool_id,
  p.data->>'tool_digest' AS tool_digest,
  p.data->>'arguments_digest' AS arguments_digest,
  p.data->>'digest' AS digest,
  coalesce(p.data->>'sensitivity', 'unclassified') AS sensitivity,
  p.data->>'requester_human' AS requester_human,
  p.data->>'on_behalf_of_id' AS on_behalf_of_id,
  p.data->>'depth_count' AS depth_count,
  p.data->>'allow_list_digest' AS allow_list_digest,
  d.idx AS decided_idx,
  d.data->>'decision' AS decision,
  d.data->>'in_schema' AS in_schema,
  x.idx AS executed_idx,
  x.recorded_at AS executed_us,
  x.data->>'arguments_digest' AS executed_digest,
  x.data->'approval_ids' AS approval_ids,
  (SELECT count(*) FROM events c WHERE c.type = 'agent_action.executed' AND c.request_id = p.id) AS executions,
  r.idx AS returned_idx,
  r.outcome AS returned_outcome,
  p.data->>'host_digest' AS host_digest
FROM events p
LEFT JOIN events d
  ON d.idx = (SELECT max(y.idx) FROM events y WHERE y.type = 'agent_action.decided' AND y.request_id = p.id)
LEFT JOIN events x
  ON x.idx = (SELECT min(y.idx) FROM events y WHERE y.type = 'agent_action.executed' AND y.request_id = p.id)
LEFT JOIN events r
  ON r.idx = (SELECT min(y.idx) FROM events y WHERE y.type = 'agent_action.returned' AND y.request_id = p.id)
WHERE p.type = 'agent_action.proposed' AND p.is_drill = 0;

-- Executions that answer no proposal.
CREATE VIEW v_agent_action_orphan AS
SELECT x.idx, x.id, x.request_id
FROM events x
WHERE x.type = 'agent_action.executed'
  AND NOT EXISTS (SELECT 1 FROM events p WHERE p.id = x.request_id AND p.type = 'agent_action.proposed');
