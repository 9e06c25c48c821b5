-- A role without superuser does the whole job over its own table; another role sees and touches none of it until
-- granted; membership of the owner is enough. Errors show as SQLSTATE: 42501 is insufficient_privilege.
\set VERBOSITY sqlstate
SET client_min_messages = error;
CREATE ROLE regress_owner;
CREATE ROLE regress_member IN ROLE regress_owner;
CREATE ROLE regress_other;
CREATE SCHEMA work AUTHORIZATION regress_owner;

SET ROLE regress_owner;
CREATE TABLE work.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('return', 'work.visit', goal => 'true', outcome_window => '14 days',
    profile_column => 'profile', time_column => 'at') IS NOT NULL AS defined;
SELECT count(*) > 0 AS checked FROM customer_ai.check_model('return');
SELECT count(*) AS trained FROM customer_ai.train('return');
SELECT count(*) AS scored FROM customer_ai.score('return');
SELECT customer_ai.create_segment('work.likely', 'return', 'probability > 0.5') IS NOT NULL AS segment;
SELECT count(*) > 0 AS scores FROM work.return_scores;
SELECT count(*) AS predicted FROM customer_ai.predict('return', '7');
SELECT count(*) > 0 AS explained FROM customer_ai.explain('return', '7');

-- The owner of a model has no more rights on the catalog than others.
UPDATE customer_ai.model SET active_version = 9;
SELECT FROM customer_ai.version;
BEGIN;
LOCK TABLE customer_ai.run IN ROW EXCLUSIVE MODE;
ROLLBACK;

-- Another role: the model does not exist for it.
SET ROLE regress_other;
SELECT count(*) AS models FROM customer_ai.models;
SELECT count(*) AS versions FROM customer_ai.versions;
SELECT count(*) AS runs FROM customer_ai.runs;
SELECT * FROM work.return_scores;
SELECT customer_ai.train('return');
SELECT customer_ai.score('return');
SELECT customer_ai.predict('return', '7');
SELECT customer_ai.drop_model('return');
SELECT customer_ai.create_model('mine', 'work.visit', goal => 'true', outcome_window => '14 days');

-- Nor can it read, change or lock the catalog, or put a model under another name.
SELECT FROM customer_ai.model;
DELETE FROM customer_ai.model;
UPDATE customer_ai.version SET number = 9;
INSERT INTO customer_ai.model (name, owner, kind, goal, occurs, outcome_window, options, time_zone, scores_schema, scores_name)
VALUES ('forged', 'regress_owner', 'conversion', 'true', true, '1 day', '{}', 'UTC', 'work', 'forged');
BEGIN;
LOCK TABLE customer_ai.model IN ACCESS EXCLUSIVE MODE;
ROLLBACK;
BEGIN;
LOCK TABLE customer_ai.segment IN ACCESS SHARE MODE;
ROLLBACK;
-- through a view, which locks the tables of its query
BEGIN;
LOCK TABLE customer_ai.models IN ROW SHARE MODE;
ROLLBACK;
BEGIN;
LOCK TABLE customer_ai.segments IN ACCESS EXCLUSIVE MODE;
ROLLBACK;
SELECT * FROM customer_ai.models FOR UPDATE;
SELECT nextval('customer_ai.run_id_seq');
CREATE TRIGGER mine BEFORE INSERT ON customer_ai.model FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE mine AS ON INSERT TO customer_ai.run DO ALSO NOTHING;
CREATE POLICY mine ON customer_ai.version USING (true);
TRUNCATE customer_ai.run;

-- Granted, it reads the scores like any relation.
RESET ROLE;
GRANT USAGE ON SCHEMA work TO regress_other;
GRANT SELECT ON work.return_scores TO regress_other;
SET ROLE regress_other;
SELECT count(*) > 0 AS scores FROM work.return_scores;

-- A member of the owner may do what the owner may.
SET ROLE regress_member;
SELECT count(*) AS models FROM customer_ai.models;
SELECT count(*) AS scored FROM customer_ai.score('return');

-- The conditions of a model run as its owner, whoever trains it: a superuser lends no rights to them.
RESET ROLE;
CREATE TABLE work.secret AS SELECT 1 AS n;
CREATE FUNCTION work.leak() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM work.secret;
    RETURN true;
END $$;
SET ROLE regress_owner;
SELECT customer_ai.create_model('trap', 'work.visit', goal => 'work.leak()', outcome_window => '14 days',
    profile_column => 'profile', time_column => 'at') IS NOT NULL AS defined;
RESET ROLE;
SELECT customer_ai.train('trap');

SELECT customer_ai.drop_model('trap') IS NOT NULL AS dropped;
SELECT customer_ai.drop_model('return') IS NOT NULL AS dropped;
DROP SCHEMA work CASCADE;
DROP ROLE regress_member, regress_other, regress_owner;
