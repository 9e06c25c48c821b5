-- Who did what to a definition: every change leaves an entry with what it was and what it is, and what a dump brings none.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = error;
CREATE ROLE regress_clerk;
CREATE SCHEMA office AUTHORIZATION regress_clerk;
SET ROLE regress_clerk;
CREATE TABLE office.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at, p % 2 = n % 2 AS odd
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE office.more AS SELECT * FROM office.visit WHERE odd;
CREATE TABLE office.person AS SELECT DISTINCT profile, profile % 3 AS grade FROM office.visit;
SELECT customer_ai.create_model('audited', 'office.visit', 'odd', '14 days', 'profile', 'at', options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_events('audited', 'office.more', 'profile', 'at', event_type => 'more');
SELECT customer_ai.add_profiles('audited', 'office.person', 'profile');
SELECT customer_ai.remove_events('audited', 'office.more');
SELECT version FROM customer_ai.train('audited');
SELECT profiles > 0 AS scored FROM customer_ai.score('audited');
SELECT customer_ai.create_segment('office.some', 'audited', 'grade = 1');
SELECT customer_ai.alter_segment('office.some', 'grade = 2', 'grown');
SELECT customer_ai.refresh_segment('office.some') > 0 AS refreshed;
SELECT version FROM customer_ai.train('audited', activate => 'always');
SELECT customer_ai.drop_segment('office.some');
SELECT role, model, action, object, old ->> 'condition' AS old_condition, new ->> 'condition' AS condition, old ->> 'active_version' AS old_version,
    new ->> 'active_version' AS version FROM customer_ai.audit ORDER BY at;
SELECT new ->> 'goal' AS goal, new ? 'goal_sql' AS sql FROM customer_ai.audit WHERE action = 'create model';
SELECT customer_ai.drop_model('audited');
SELECT role, action, old ->> 'goal' AS goal, new FROM customer_ai.audit ORDER BY at DESC LIMIT 1;
-- others see nothing, and nobody writes
RESET ROLE;
CREATE ROLE regress_other;
SET ROLE regress_other;
SELECT count(*) FROM customer_ai.audit;
DELETE FROM customer_ai.audit;
INSERT INTO customer_ai.audit_entry (role, owner, model, action, object) VALUES ('x', 'regress_other', 'x', 'x', 'x');
RESET ROLE;
-- a row that is copied in is no deed
SELECT count(*) AS entries FROM customer_ai.audit_entry \gset
INSERT INTO customer_ai.segment (model_id, owner, schema_name, segment_name, condition, condition_sql, profiles) VALUES (-1, 'regress_clerk', 'a', 'b', 'true', 'true', 0);
SELECT count(*) - :entries AS entries FROM customer_ai.audit_entry;
DELETE FROM customer_ai.segment WHERE model_id = -1;
DROP SCHEMA office CASCADE;
DROP ROLE regress_other;
DROP ROLE regress_clerk;
