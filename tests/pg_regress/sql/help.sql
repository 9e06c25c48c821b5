-- help says what to do next in each state of a model, and what it says runs.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = error;
SET timezone = 'UTC';
SET datestyle = iso;
CREATE ROLE regress_novice;
CREATE SCHEMA novice AUTHORIZATION regress_novice;
SET ROLE regress_novice;
CREATE TABLE novice.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at, p % 2 = n % 2 AS odd
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT topic, about FROM customer_ai.help();
SELECT customer_ai.create_model('novice', 'novice.visit', 'odd', '14 days', 'profile', 'at', options => '{"algorithm": "logistic"}');
-- what is said is done, until nothing is left to do but to schedule it: there is no pg_cron here
CREATE PROCEDURE novice.follow() LANGUAGE plpgsql AS $$
DECLARE
    next record;
BEGIN
    FOR round IN 1..9 LOOP
        SELECT about, statement INTO next FROM customer_ai.help('novice')
        WHERE statement NOT LIKE '%check_model%' AND statement NOT LIKE '%schedule%' LIMIT 1;
        RAISE INFO '%: %', regexp_replace(next.about, '20\d\d-\S+ \S+', '...'), next.statement;
        EXIT WHEN next.statement LIKE 'CALL%' OR next.statement LIKE '%LIMIT 10';
        EXECUTE next.statement;
    END LOOP;
END $$;
SELECT version FROM customer_ai.train('novice', activate => 'never');
CALL novice.follow();
SELECT count(*) AS segments FROM customer_ai.segments;
-- a run that failed
SELECT customer_ai_internal.note_failure('novice', 'train', '22012', 'division by zero') > 0 AS noted;
SELECT regexp_replace(about, '20\d\d-\S+ \S+', '...') AS about, regexp_replace(statement, 'run = \d+', 'run = ...') AS statement FROM customer_ai.help('novice');
-- topics, functions and views by name; what there is not
SELECT topic, statement FROM customer_ai.help('Segments');
SELECT * FROM customer_ai.help('forget');
SELECT topic, about IS NOT NULL AS said, statement FROM customer_ai.help('progress');
SELECT * FROM customer_ai.help('segmnts');
RESET ROLE;
SELECT customer_ai.drop_model('novice');
DROP SCHEMA novice CASCADE;
DROP ROLE regress_novice;
