-- Countersign evidence schema, version 1. For sqlite3 3.38 or later (checked with 3.40).
-- Filled from the log's leaves alone. Load order: schema.sql, leaves into `leaf`, load.sql, then (large logs) materialise.sql.
-- Rule: a view may gain columns at its end; the meaning of a column never changes. See README.md.
-- Times are integers: microseconds since 1970-01-01 UTC, in columns named *_us or recorded_at/effective_at.
-- "Before" is always a comparison of idx (the position in the log), never of claimed times.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;        -- schema_version; origin; first_idx: of the leaves held here
INSERT INTO meta VALUES ('schema_version','1');

-- One row per leaf, byte for byte as it was hashed.
CREATE TABLE leaf (
  idx  INTEGER PRIMARY KEY,                         -- position in the log, from 0
  json TEXT NOT NULL CHECK (json_valid(json))       -- canonical JSON of the event
) STRICT;

-- The base table: the envelope as columns, the rest as JSON.
CREATE TABLE events (
  idx            INTEGER PRIMARY KEY,      -- position in the log; the only order that proves "before"
  id             TEXT NOT NULL,            -- event id
  type           TEXT NOT NULL,            -- noun.verb_in_past_tense
  recorded_at    INTEGER NOT NULL,         -- stamped at append; monotone with idx
  effective_at   INTEGER,                  -- what somebody claims; never used to prove "before"
  node           TEXT NOT NULL,            -- source.node
  incarnation    INTEGER NOT NULL,         -- source.incarnation
  stream         TEXT NOT NULL,            -- source.stream
  seq            INTEGER NOT NULL,         -- source.seq, without gaps within (node, incarnation, stream)
  actor_type     TEXT,                     -- user | service | agent | system
  actor_id       TEXT,                     -- principal
  actor_human    TEXT,                     -- the human who stands behind the principal; NULL = nobody resolvable
  actor_session  TEXT,
  action         TEXT,
  resource_type  TEXT,
  resource_id    TEXT,                     -- the thing that the event is about
  resource_version TEXT,
  system         TEXT,                     -- AI system
  outcome        TEXT NOT NULL,            -- success | failure | denied | unknown
  reason_code    TEXT,
  policy         TEXT,                     -- digest of the policy snapshot that decided
  trace          TEXT,
  assurance      TEXT NOT NULL CHECK (assurance IN ('enforced','observed','reported','attested')),
  classification TEXT,
  retention      TEXT,
  subject_key    TEXT,
  is_drill       INTEGER NOT NULL,         -- 1: our own exercise; outside every population unless a view says so
  is_simulated   INTEGER NOT NULL,         -- 1: injected clock; a result over such rows says so
  is_solo        INTEGER NOT NULL,         -- 1: solo mode: no second person exists
  request_id     TEXT,                     -- data.request_id: id of the event or request that this one answers
  data           TEXT NOT NULL,            -- data object
  commitments    TEXT                      -- salted commitments to sealed content
) STRICT;
CREATE INDEX events_id ON events(id);
CREATE INDEX events_type ON events(type, idx);
CREATE INDEX events_resource ON events(resource_id, type, idx);
CREATE INDEX events_request ON events(request_id, type, idx) WHERE request_id IS NOT NULL;
CREATE INDEX events_source ON events(node, incarnation, stream, seq);
CREATE INDEX events_time ON events(recorded_at);

-- The period under test, [start_us, end_us). One row.
CREATE TABLE period (id INTEGER PRIMARY KEY CHECK (id = 1), start_us INTEGER NOT NULL, end_us INTEGER NOT NULL) STRICT;

-- Parameters and their floors, from the catalogue.
CREATE TABLE catalogue_parameter (
  name          TEXT PRIMARY KEY,          -- TEST.parameter, e.g. ACC-05c.revoke_us
  default_value INTEGER NOT NULL,
  weakest       INTEGER NOT NULL,          -- the weakest value that a test will use
  stricter      TEXT NOT NULL CHECK (stricter IN ('lower','higher'))
) STRICT;
-- Tests, controls and what they require, from the catalogue.
CREATE TABLE catalogue_test (test_id TEXT PRIMARY KEY, control_id TEXT NOT NULL, min_assurance TEXT NOT NULL, frequency TEXT NOT NULL) STRICT;

-- Facts: what SQL cannot say. origin 'log' = fact.recorded, 'recomputed' = computed again by whoever built this file.
CREATE TABLE fact (
  name TEXT NOT NULL, item_id TEXT NOT NULL, value TEXT NOT NULL, method TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('log','recomputed')), idx INTEGER
) STRICT;
CREATE INDEX fact_item ON fact(name, item_id);
