-- Fills events and fact from leaf. Pure SQL: runs under the stock sqlite3.
INSERT INTO events
SELECT
  idx,
  json->>'id',
  json->>'type',
  (unixepoch(substr(json->>'recorded_at', 1, 19)) * 1000000 + substr(json->>'recorded_at', 21, 6)),
  (unixepoch(substr(json->>'effective_at', 1, 19)) * 1000000 + substr(json->>'effective_at', 21, 6)),
  json->>'$.source.node',
  json->>'$.source.incarnation',
  json->>'$.source.stream',
  json->>'$.source.seq',
  json->>'$.actor.type',
  json->>'$.actor.id',
  json->>'$.actor.human',
  json->>'$.actor.session',
  json->>'action',
  json->>'$.resource.type',
  json->>'$.resource.id',
  json->>'$.resource.version',
  json->>'system',
  json->>'outcome',
  json->>'reason_code',
  json->>'policy',
  json->>'trace',
  json->>'assurance',
  json->>'classification',
  json->>'retention',
  json->>'subject_key',
  EXISTS (SELECT 1 FROM json_each(leaf.json, '$.marks') WHERE value = 'drill'),
  EXISTS (SELECT 1 FROM json_each(leaf.json, '$.marks') WHERE value = 'simulated'),
  EXISTS (SELECT 1 FROM json_each(leaf.json, '$.marks') WHERE value = 'solo'),
  json->>'$.data.request_id',
  coalesce(json->'data', '{}'),
  json->'commitments'
FROM leaf;

INSERT INTO fact
SELECT data->>'name', data->>'item_id', data->>'value', data->>'method', 'log', idx
FROM events
WHERE type = 'fact.recorded' AND is_drill = 0;
