-- train: a version that is poor, far below the one in use, or perhaps of a leak does not take over by itself.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
-- A deterministic draw between 0 and 1.
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 400 profiles over 200 days, of whom every second one buys often and the others hardly ever.
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN draw(p || '/' || d) < CASE WHEN p % 2 = 0 THEN 0.35 ELSE 0.02 END THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 400) p, generate_series(0, 200) d WHERE draw(d || '-' || p) < 0.3;
CREATE TABLE sound AS SELECT * FROM visit;
SELECT customer_ai.create_model('buy', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"algorithm": "logistic"}') IS NOT NULL AS defined;
SELECT auc > 0.8 AS good, activated, reason FROM customer_ai.train('buy');
-- as good as before
SELECT version, activated, reason FROM customer_ai.train('buy');

-- a join that mixed up the profiles
UPDATE visit SET profile = 1 + (draw(at::text || profile) * 400)::int % 400;
SELECT version, activated, regexp_replace(reason, '0\.[0-9]{3}', 'N') AS reason FROM customer_ai.train('buy');
SELECT active_version FROM customer_ai.model WHERE name = 'buy';
TRUNCATE visit;
INSERT INTO visit SELECT * FROM sound;

-- labels by chance
CREATE TABLE example AS
    SELECT p AS profile, timestamptz '2025-03-01' + c * interval '20 days' AS cutoff, draw('label' || p || c) < 0.4 AS label
    FROM generate_series(1, 400) p, generate_series(0, 4) c;
SELECT version, activated, regexp_replace(reason, '0\.[0-9]{3}', 'N') AS reason FROM customer_ai.train('buy', examples => 'example');
-- labels that are wrong for every fourth profile: not poor, but clearly below what is recorded of the sound version
SELECT version, activated, reason FROM customer_ai.train('buy', activate => 'always');
UPDATE example SET label = (profile % 2 = 0) = (draw('wrong' || profile || cutoff) < 0.75);
SELECT version, auc BETWEEN 0.65 AND 0.78 AS not_poor, activated, regexp_replace(reason, '0\.[0-9]{3}', 'N', 'g') AS reason
FROM customer_ai.train('buy', examples => 'example');
SELECT version, activated, reason FROM customer_ai.train('buy', examples => 'example', activate => 'always');
-- beside one that is worse a good one takes over
SELECT version, auc > 0.8 AS good, activated, reason FROM customer_ai.train('buy');

-- a column that tells the outcome, in a training that a version without it came before
UPDATE example SET label = draw('label' || profile) < 0.4;
CREATE TABLE person AS SELECT DISTINCT profile, CASE WHEN label THEN 'closed' ELSE 'open' END AS account FROM example;
SELECT customer_ai.add_profiles('buy', 'person', 'profile', '{account}') IS NOT NULL AS added;
SELECT version, activated, reason FROM customer_ai.train('buy', examples => 'example');
-- forced, it is no longer new
SELECT version, activated, reason FROM customer_ai.train('buy', examples => 'example', activate => 'always');
SELECT version, activated, reason FROM customer_ai.train('buy', examples => 'example');

SELECT customer_ai.drop_model('buy') IS NOT NULL AS dropped;
DROP TABLE visit, sound, example, person;
DROP FUNCTION draw(text);
