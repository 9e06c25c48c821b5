-- Above max_training_rows, training reads a sample of the profiles: the same one whatever the order of the rows and
-- the plan. Everything else reads all of them.
SET client_min_messages = warning;
CREATE TABLE visit AS
SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 second' AS at,
    CASE WHEN (p * 31 + n * 17) % 11 < p % 5 THEN 'buy' ELSE 'look ' || (p + n) % 8 END AS kind, (n % 9 * 1.5)::float8 AS amount
FROM generate_series(1, 1500) p, generate_series(1, 12) n;
CREATE TABLE profile AS SELECT p AS profile, 'city ' || p % 30 AS city FROM generate_series(1, 1500) p;
INSERT INTO visit VALUES (NULL, '2025-02-01', 'buy', 1), (1, NULL, 'buy', 1), (1, 'infinity', 'look', 1), (2, '2024-12-01', 'look', 1),
    (3, '2025-03-28', 'look', 1), (4, '2025-03-01', 'look', 'NaN');
CREATE FUNCTION document(model text) RETURNS text LANGUAGE sql AS $$
    SELECT md5(v.document) FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id
    WHERE m.name = $1 ORDER BY v.id DESC LIMIT 1 $$;
CREATE FUNCTION new_model(model text, options jsonb) RETURNS boolean LANGUAGE sql AS $$
    SELECT customer_ai.create_model(model, 'public.visit', $g$ kind = 'buy' $g$, '10 days', 'profile', 'at', 'kind', options => options)
        IS NOT NULL AND customer_ai.add_profiles(model, 'public.profile', 'profile') IS NOT NULL $$;
SELECT new_model('sampled', '{"max_training_rows": 300, "algorithm": "logistic", "allow_small": true}'),
    new_model('whole', '{"max_training_rows": 100000, "algorithm": "logistic"}');
RESET client_min_messages;

SELECT examples BETWEEN 240 AND 360 AS few, positives > 20 AS learned FROM customer_ai.train('sampled');
SELECT positives > 1500 AS learned FROM customer_ai.train('whole');
-- A half is read: at most 4 profiles for each row that is wanted, at least half as many. What is told of all is
-- told of all.
SELECT model, detail ->> 'events' AS events, detail ->> 'profiles_read' AS profiles_read,
    (detail ->> 'profiles')::int BETWEEN 1350 AND 1650 AS profiles,
    (detail ->> 'events_read')::numeric / (detail ->> 'events')::int BETWEEN 0.45 AND 0.55 AS events_read, skipped, as_of
FROM customer_ai.runs ORDER BY run;
SELECT a.cutoffs AS newest, b.cutoffs AS "all", a.last_cutoff = b.last_cutoff AND a.first_cutoff > b.first_cutoff AS newest_first, abs(1 - (s.detail ->> 'eligible')::numeric / (w.detail ->> 'eligible')::numeric) < 0.1 AS estimated
FROM customer_ai.versions a, customer_ai.versions b, customer_ai.runs s, customer_ai.runs w
WHERE a.model = 'sampled' AND b.model = 'whole' AND s.model = 'sampled' AND w.model = 'whole';
-- Nothing else reads a sample. The newest cutoffs come first.
SELECT sum(actual::int) = (SELECT sum((c ->> 'rows')::int) FROM (SELECT c FROM customer_ai.version_reports v, jsonb_array_elements(v.report -> 'cutoffs') c
    WHERE v.model = 'whole' ORDER BY (c ->> 'cutoff')::bigint DESC LIMIT 4) newest) AS everybody
FROM customer_ai.check_model('sampled') WHERE "check" LIKE '%examples';
SELECT actual FROM customer_ai.check_model('sampled') WHERE "check" = 'cutoffs';
SELECT cutoffs, first_cutoff, last_cutoff FROM customer_ai.versions WHERE model = 'sampled' ORDER BY version LIMIT 1;
SELECT s.profiles = w.profiles AS all_scored FROM customer_ai.score('sampled') s, customer_ai.score('whole') w;
CREATE TABLE example AS SELECT DISTINCT profile, timestamptz '2025-01-15' AS cutoff FROM visit WHERE at < '2025-01-15' AND profile % 3 = 0;
SELECT examples > 0 AS trained FROM customer_ai.train('sampled', examples => 'example');
SELECT detail ->> 'profiles_read' AS profiles_read, (detail ->> 'eligible')::int = (SELECT count(*) FROM example) AS all_found
FROM customer_ai.runs WHERE model = 'sampled' AND kind = 'train' ORDER BY run DESC LIMIT 1;

-- The order of the rows, the plan and parallel workers change nothing.
SET client_min_messages = error;
CREATE TABLE found (variant text, document text);
DO $$ BEGIN PERFORM customer_ai.train('sampled'); INSERT INTO found SELECT 'as it is', document('sampled'); END $$;
CREATE TABLE shuffled AS SELECT * FROM visit ORDER BY md5(visit::text);
TRUNCATE visit; INSERT INTO visit SELECT * FROM shuffled;
DO $$ BEGIN PERFORM customer_ai.train('sampled'); INSERT INTO found SELECT 'shuffled', document('sampled'); END $$;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
DO $$ BEGIN PERFORM customer_ai.train('sampled'); INSERT INTO found SELECT 'parallel', document('sampled'); END $$;
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') \g /dev/null
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
TRUNCATE visit; INSERT INTO visit SELECT * FROM shuffled ORDER BY profile, at, kind;
DO $$ BEGIN PERFORM customer_ai.train('sampled'); INSERT INTO found SELECT 'clustered', document('sampled'); END $$;
SELECT count(*) AS variants, count(DISTINCT document) AS versions FROM found;

-- When few of the profiles read are eligible, more are read, and the order of the rows still changes nothing.
CREATE FUNCTION rare(model text) RETURNS boolean LANGUAGE sql AS $$
    SELECT customer_ai.create_model(model, 'public.visit', $g$ kind = 'buy' $g$, '10 days', 'profile', 'at', 'kind',
        eligible => 'profile % 25 = 1', options => '{"max_training_rows": 150, "algorithm": "logistic", "allow_small": true}') IS NOT NULL $$;
SELECT rare('rare');
RESET client_min_messages;
SELECT examples BETWEEN 110 AND 190 AS enough FROM customer_ai.train('rare');
SELECT (detail ->> 'profiles_read')::float > 0.3 AS more FROM customer_ai.runs WHERE model = 'rare';
SET client_min_messages = warning;
DO $$ BEGIN
    PERFORM customer_ai.drop_model(model) FROM customer_ai.models;
END $$;
DROP TABLE visit, profile, shuffled, found, example;
DROP FUNCTION document, new_model, rare;
