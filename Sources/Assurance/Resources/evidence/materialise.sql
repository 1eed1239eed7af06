-- For large logs: turns the costly views into tables of the same name, so that tests need no change. Run once, after load.sql.
PRAGMA legacy_alter_table=ON;

CREATE TABLE m_ AS SELECT * FROM v_inference;
DROP VIEW v_inference;
ALTER TABLE m_ RENAME TO v_inference;
CREATE INDEX v_inference_0 ON v_inference(at_us);
CREATE INDEX v_inference_1 ON v_inference(idx);
CREATE INDEX v_inference_2 ON v_inference(system, at_us);
CREATE INDEX v_inference_3 ON v_inference(deployment_id, at_us);
CREATE INDEX v_inference_4 ON v_inference(principal_id, at_us);

CREATE TABLE m_ AS SELECT * FROM v_grant_use;
DROP VIEW v_grant_use;
ALTER TABLE m_ RENAME TO v_grant_use;
CREATE INDEX v_grant_use_0 ON v_grant_use(grant_id, at_us);

CREATE TABLE m_ AS SELECT * FROM v_agent_action;
DROP VIEW v_agent_action;
ALTER TABLE m_ RENAME TO v_agent_action;
CREATE INDEX v_agent_action_0 ON v_agent_action(idx);
CREATE INDEX v_agent_action_1 ON v_agent_action(agent_id, idx);

CREATE TABLE m_ AS SELECT * FROM v_access_decision;
DROP VIEW v_access_decision;
ALTER TABLE m_ RENAME TO v_access_decision;
CREATE INDEX v_access_decision_0 ON v_access_decision(idx);
CREATE INDEX v_access_decision_1 ON v_access_decision(id);

CREATE TABLE m_ AS SELECT * FROM v_monitor;
DROP VIEW v_monitor;
ALTER TABLE m_ RENAME TO v_monitor;
CREATE INDEX v_monitor_0 ON v_monitor(system, metric, window_from_us);

CREATE TABLE m_ AS SELECT * FROM v_approval_valid;
DROP VIEW v_approval_valid;
ALTER TABLE m_ RENAME TO v_approval_valid;
CREATE INDEX v_approval_valid_0 ON v_approval_valid(request_id);

CREATE TABLE m_ AS SELECT * FROM v_config;
DROP VIEW v_config;
ALTER TABLE m_ RENAME TO v_config;
CREATE INDEX v_config_0 ON v_config(object_type, object_id, from_idx);

CREATE TABLE m_ AS SELECT * FROM v_principal_human;
DROP VIEW v_principal_human;
ALTER TABLE m_ RENAME TO v_principal_human;
CREATE INDEX v_principal_human_0 ON v_principal_human(principal_id, from_idx);

CREATE TABLE m_ AS SELECT * FROM v_deployment;
DROP VIEW v_deployment;
ALTER TABLE m_ RENAME TO v_deployment;
CREATE INDEX v_deployment_0 ON v_deployment(id);
CREATE INDEX v_deployment_1 ON v_deployment(system);

ANALYZE;
