-- A way back: every version can be made active again, dropped and labelled; the catalog is pointed at none that is not there.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('return', 'visit', 'true', '14 days', 'profile', 'at',
    options => '{"algorithm": "logistic", "keep_versions": 3}') IS NOT NULL AS defined;
CREATE TABLE said (version int, probability float8);
CREATE FUNCTION says() RETURNS TABLE (active int, former int, as_version int) LANGUAGE sql AS $$
    SELECT m.active_version, m.former_version, s.version
    FROM customer_ai.models m, customer_ai.predict('return', '7', as_of => '2025-06-15') p LEFT JOIN said s USING (probability) $$;
SET client_min_messages = notice;

-- never is no dead end: the reason and the error say what to run
SET client_min_messages = error;
SELECT version, activated, reason FROM customer_ai.train('return', as_of => '2025-05-01', activate => 'never');
SET client_min_messages = notice;
SELECT customer_ai.predict('return', '7', as_of => '2025-06-15');
SELECT customer_ai.rollback('return');
SELECT customer_ai.activate('return', 1);
INSERT INTO said SELECT 1, probability FROM customer_ai.predict('return', '7', as_of => '2025-06-15');
SET client_min_messages = error;
SELECT version, activated, reason FROM customer_ai.train('return', as_of => '2025-05-15', activate => 'always');
INSERT INTO said SELECT 2, probability FROM customer_ai.predict('return', '7', as_of => '2025-06-15');
SELECT version, activated FROM customer_ai.train('return', as_of => '2025-06-01', activate => 'always');
INSERT INTO said SELECT 3, probability FROM customer_ai.predict('return', '7', as_of => '2025-06-15');
SELECT count(DISTINCT probability) AS different FROM said;
SELECT version FROM customer_ai.score('return');
SET client_min_messages = notice;

-- back, and back again; there is an end
SELECT * FROM says();
SELECT customer_ai.rollback('return');
SELECT * FROM says();
SELECT customer_ai.rollback('return');
SELECT * FROM says();
SELECT customer_ai.rollback('return');
-- forward again; an activation twice is one
SELECT customer_ai.activate('return', 3);
SELECT customer_ai.activate('return', 3);
SELECT * FROM says();
SELECT customer_ai.rollback('return');
SELECT * FROM says();
-- a rollback that is rolled back
BEGIN;
SELECT customer_ai.activate('return', 3);
SELECT * FROM says();
ROLLBACK;
SELECT * FROM says();

-- what is not there, what is active
SELECT customer_ai.activate('return', 9);
SELECT customer_ai.activate('return', NULL);
SELECT customer_ai.activate('retrun', 1);
SELECT customer_ai.drop_version('return', 0);
SELECT customer_ai.drop_version('return', 1);
UPDATE customer_ai.model SET active_version = 99 WHERE name = 'return';
UPDATE customer_ai.model SET active_version = 2 WHERE name = 'return';
DELETE FROM customer_ai.version WHERE number = 2;
UPDATE customer_ai.model SET active_version = 1 WHERE name = 'return';

-- dropped: no longer a way back; what it did stays
SELECT customer_ai.activate('return', 2), customer_ai.activate('return', 1);
SELECT * FROM says();
SELECT customer_ai.drop_version('return', 2);
SELECT * FROM says();
SELECT customer_ai.activate('return', 2);
SELECT kind, version FROM customer_ai.runs ORDER BY run;

-- labels: one version each, and a version with one is kept
SELECT customer_ai.label_version('return', 1, 'before the new prices');
SELECT customer_ai.label_version('return', 3, 'before the new prices');
SELECT customer_ai.label_version('return', 3, ' ');
SELECT customer_ai.label_version('return', 3, repeat('x', 64));
SELECT customer_ai.label_version('return', 3, repeat('é', 63));
SELECT customer_ai.label_version('return', 3, NULL);
SELECT customer_ai.label_version('return', 3, NULL);
SELECT version, active, label FROM customer_ai.versions ORDER BY version;

-- keep_versions: the newest 3, the active one, the one a rollback goes to, and those with a label
SET client_min_messages = error;
SELECT version, activated FROM customer_ai.train('return', activate => 'always');
SELECT version, activated FROM customer_ai.train('return', activate => 'always');
SELECT version, activated FROM customer_ai.train('return', activate => 'never');
SELECT version, activated FROM customer_ai.train('return', activate => 'never');
SELECT version, activated FROM customer_ai.train('return', activate => 'never');
SET client_min_messages = notice;
SELECT version, active, label FROM customer_ai.versions ORDER BY version;
SELECT * FROM says();
SELECT customer_ai.rollback('return');
-- the number of a version that was dropped last is not given again to another one while a run speaks of it
SELECT customer_ai.drop_version('return', 8);
SET client_min_messages = error;
SELECT version FROM customer_ai.train('return', activate => 'never');
SET client_min_messages = notice;

-- a version that cannot be read is not activated
UPDATE customer_ai.version SET document = substr(document, 1, 100) WHERE number = 7;
SELECT customer_ai.activate('return', 7);
-- nor gone back to
BEGIN;
UPDATE customer_ai.model SET former_versions = '{7}';
SELECT customer_ai.rollback('return');
ROLLBACK;

-- a restore may bring the model before its versions: that counts as none, and another one can be activated
ALTER TABLE customer_ai.model DISABLE TRIGGER active_version;
UPDATE customer_ai.model SET active_version = 99;
ALTER TABLE customer_ai.model ENABLE TRIGGER active_version;
SELECT active_version, former_version, trained_at, auc FROM customer_ai.models;
SELECT customer_ai.predict('return', '7', as_of => '2025-06-15');
SELECT customer_ai.activate('return', 1);

-- reports apart
SELECT version, jsonb_typeof(report -> 'warnings') AS warnings FROM customer_ai.version_reports ORDER BY version LIMIT 1;

-- only who may run the model
CREATE ROLE regress_stranger;
SET ROLE regress_stranger;
SELECT customer_ai.activate('return', 1);
SELECT customer_ai.rollback('return');
SELECT customer_ai.drop_version('return', 1);
SELECT customer_ai.label_version('return', 1, 'mine');
SELECT count(*) FROM customer_ai.version_reports;
RESET ROLE;
DROP ROLE regress_stranger;
SELECT customer_ai.drop_model('return');
DROP FUNCTION says();
DROP TABLE visit, said;
