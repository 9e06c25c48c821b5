-- The version that a backend keeps decoded is never one that was rolled back, and a damaged one is refused.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('return', 'visit', 'true', '14 days', 'profile', 'at') IS NOT NULL AS defined;
DO $$ BEGIN PERFORM customer_ai.train('return', as_of => '2025-06-01'); END $$;
CREATE TABLE prediction AS SELECT 1 AS version, p.* FROM customer_ai.predict('return', '7') p;

-- savepoint: the new version predicts inside, the old one after it
BEGIN;
SAVEPOINT before;
SELECT version, activated FROM customer_ai.train('return', activate => 'always');
SELECT p.probability <> o.probability AS new FROM customer_ai.predict('return', '7') p, prediction o;
ROLLBACK TO before;
SELECT p.probability = o.probability AND p.factors = o.factors AS old FROM customer_ai.predict('return', '7') p, prediction o;
-- the same number again, another version
SELECT version, activated FROM customer_ai.train('return', as_of => '2025-05-01', activate => 'always');
SELECT p.probability <> o.probability AS new FROM customer_ai.predict('return', '7') p, prediction o;
ROLLBACK;
SELECT p.probability = o.probability AND p.factors = o.factors AS old FROM customer_ai.predict('return', '7') p, prediction o;

-- an error caught in PL/pgSQL undoes the training, and the session goes on
DO $$ BEGIN
    PERFORM customer_ai.train('return', activate => 'always');
    PERFORM customer_ai.predict('return', '7');
    RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN NULL;
END $$;
SELECT p.probability = o.probability AND p.factors = o.factors AS old FROM customer_ai.predict('return', '7') p, prediction o;
SELECT number AS version FROM customer_ai.version;

-- a name that is used again is another model
SELECT customer_ai.drop_model('return') IS NOT NULL AS dropped;
SELECT customer_ai.create_model('return', 'visit', 'true', '14 days', 'profile', 'at') IS NOT NULL AS defined;
SELECT * FROM customer_ai.predict('return', '7');
DO $$ BEGIN PERFORM customer_ai.train('return', as_of => '2025-05-01'); END $$;
SELECT p.probability <> o.probability AS new FROM customer_ai.predict('return', '7') p, prediction o;

-- Documents that are damaged. Every change has its own SQLSTATE, and the session lives.
CREATE TABLE good AS SELECT document, format FROM customer_ai.version;
CREATE FUNCTION outcome(damaged bytea, OUT state text, OUT message text) LANGUAGE plpgsql AS $$ BEGIN
    UPDATE customer_ai.version SET document = damaged;
    PERFORM customer_ai.predict('return', '7');
    RAISE EXCEPTION USING ERRCODE = '00000', MESSAGE = 'accepted';
EXCEPTION WHEN OTHERS THEN
    state := SQLSTATE;
    message := SQLERRM;
END $$;
SELECT * FROM outcome('');
SELECT * FROM outcome('\x00');
SELECT DISTINCT o.* FROM good, LATERAL (SELECT n FROM generate_series(1, length(document) - 1, length(document) / 10) n) c, outcome(substr(document, 1, n)) o;
SELECT DISTINCT o.* FROM good, outcome(document || '\x00') o;
SELECT DISTINCT o.* FROM good, LATERAL (SELECT n FROM generate_series(8 * 8, 8 * length(document) - 1, length(document) / 2 + 1) n) b, outcome(set_bit(document, n, 1 - get_bit(document, n))) o;
-- the first bytes: magic and format
SELECT n AS byte, o.* FROM good, generate_series(0, 7) n, outcome(set_byte(document, n, 255)) o;
SELECT p.probability <> o.probability AS still_predicts FROM customer_ai.predict('return', '7') p, prediction o;
-- what needs the version says so too; another training does not need it
UPDATE customer_ai.version SET document = substr(document, 1, 100);
SELECT * FROM customer_ai.score('return');
SELECT * FROM customer_ai.explain('return', '7');
SELECT version, activated, reason FROM customer_ai.train('return');
SELECT p.probability BETWEEN 0 AND 1 AS predicts FROM customer_ai.predict('return', '7') p;

SELECT customer_ai.drop_model('return') IS NOT NULL AS dropped;
DROP FUNCTION outcome(bytea);
DROP TABLE visit, prediction, good;
