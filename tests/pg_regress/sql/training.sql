-- train: algorithms, which version takes over, examples, small data, and columns that try to break it.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
-- A deterministic draw between 0 and 1.
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 300 profiles who come the more often the higher profile % 10, every day of 160.
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN draw(p || '/' || d) < (p % 10) / 22.0 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 300) p, generate_series(0, 160) d WHERE draw(d || '-' || p) < (1 + p % 10) / 60.0;

-- each algorithm, by itself and together
SELECT customer_ai.create_model(a, 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    options => jsonb_build_object('algorithm', a)) FROM unnest(ARRAY['auto', 'logistic', 'trees']) a;
SELECT a AS asked, algorithm, examples > 1000 AS enough, auc > 0.55 AS good, auc BETWEEN auc_low AND auc_high AS within,
    log_loss < 0.69 AS sharp, activated, reason
FROM unnest(ARRAY['auto', 'logistic', 'trees']) a, LATERAL customer_ai.train(a);

-- which version takes over
SELECT version, activated, reason FROM customer_ai.train('logistic', activate => 'never');
SELECT active_version FROM customer_ai.model WHERE name = 'logistic';
SELECT version, activated, reason FROM customer_ai.train('logistic', activate => 'always');
SELECT active_version FROM customer_ai.model WHERE name = 'logistic';
SELECT version, activated, reason FROM customer_ai.train('logistic', activate => 'perhaps');
SELECT version, activated, reason FROM customer_ai.train('logistic', activate => NULL);
-- compared with a version that has not seen what is held out
SELECT activated FROM customer_ai.train('logistic', as_of => '2025-04-01', activate => 'always');
SELECT activated, reason ~ '^AUC (not )?worse than version 4 on the same hold-out: [+-]\d\.\d{4} \(95 % interval [+-]\d\.\d{4} to [+-]\d\.\d{4}\)$' AS compared
FROM customer_ai.train('logistic');

-- examples: with their outcomes, without, as numbers, and of the wrong kind
CREATE TABLE example AS
    SELECT p AS profile, timestamptz '2025-03-01' + c * interval '10 days' AS cutoff, p % 10 >= 5 AS label
    FROM generate_series(1, 300) p, generate_series(0, 4) c;
SELECT examples, positives, auc > 0.8 AS good FROM customer_ai.train('auto', examples => 'example', activate => 'never');
ALTER TABLE example ALTER label TYPE numeric USING label::int * 2.5;
SELECT examples, positives, auc > 0.8 AS good FROM customer_ai.train('auto', examples => 'example', activate => 'never');
ALTER TABLE example ALTER label TYPE text;
SELECT * FROM customer_ai.train('auto', examples => 'example');
ALTER TABLE example DROP label;
SELECT examples, positives = (SELECT count(*) FROM example e WHERE EXISTS (SELECT FROM visit v WHERE v.profile = e.profile
        AND v.kind = 'buy' AND v.at > e.cutoff AND v.at <= e.cutoff + interval '14 days')) AS right_outcomes
FROM customer_ai.train('auto', examples => 'example', activate => 'never');
ALTER TABLE example ALTER cutoff TYPE text;
SELECT * FROM customer_ai.train('auto', examples => 'example');
DELETE FROM example;
ALTER TABLE example ALTER cutoff TYPE timestamptz USING cutoff::timestamptz;
SELECT * FROM customer_ai.train('auto', examples => 'example');
SELECT * FROM customer_ai.train('auto', examples => 0);

-- few of the rarer outcome: refused, and with a warning when allowed
CREATE TABLE few AS SELECT profile, at, profile <= 9 AND kind = 'buy' AS goal FROM visit;
SELECT customer_ai.create_model('few', 'few', 'goal', '14 days', 'profile', 'at', options => '{"ignore": ["goal"]}') IS NOT NULL AS defined;
SELECT * FROM customer_ai.train('few');
SELECT customer_ai.create_model('few_allowed', 'few', 'goal', '14 days', 'profile', 'at',
    options => '{"ignore": ["goal"], "allow_small": true}') IS NOT NULL AS defined;
SELECT positives BETWEEN 1 AND 49 AS few, activated FROM customer_ai.train('few_allowed');
SELECT report -> 'warnings' -> 0 ->> 'warning' AS warning FROM customer_ai.version ORDER BY id DESC LIMIT 1;

-- columns that break sums and solvers: constant, collinear, NaN, infinite, enormous, tiny, and one that is the outcome
CREATE TABLE odd AS
    SELECT profile, at, kind, 7 AS constant, profile % 10 AS a, 3 * (profile % 10) + 1 AS collinear,
        CASE WHEN profile % 5 = 0 THEN 'NaN'::float8 ELSE profile END AS nan,
        CASE WHEN profile % 7 = 0 THEN 'Infinity'::float8 WHEN profile % 7 = 1 THEN '-Infinity' ELSE profile END AS infinite,
        CASE WHEN profile % 2 = 0 THEN 1e300 ELSE -1e300 END AS enormous, 1e-300 * profile AS tiny, NULL::int AS absent,
        CASE WHEN profile % 3 = 0 THEN 'NaN'::numeric ELSE 1e200::numeric END AS numeric_nan
    FROM visit;
SELECT customer_ai.create_model('odd_' || a, 'odd', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    options => jsonb_build_object('algorithm', a)) FROM unnest(ARRAY['auto', 'logistic', 'trees']) a;
SELECT a, auc > 0.6 AS good FROM unnest(ARRAY['auto', 'logistic', 'trees']) a, LATERAL customer_ai.train('odd_' || a);
SELECT a, profiles > 100 AS scored FROM unnest(ARRAY['auto', 'logistic', 'trees']) a, LATERAL customer_ai.score('odd_' || a);
SELECT count(*) > 100 AS any, bool_and(probability > 0 AND probability < 1) AS finite, count(DISTINCT probability) > 20 AS different FROM odd_auto_scores;
SELECT bool_and(impact BETWEEN -100 AND 100) AS finite FROM customer_ai.explain('odd_auto', '7');

-- an outcome that a column tells exactly
CREATE TABLE exact AS SELECT profile, at, profile % 2 = 0 AS even, profile % 2 AS parity FROM visit;
SELECT customer_ai.create_model('exact_' || a, 'exact', 'even', '60 days', 'profile', 'at', options =>
    jsonb_build_object('algorithm', a)) FROM unnest(ARRAY['auto', 'logistic', 'trees']) a;
SELECT a, round(auc::numeric, 2) AS auc, log_loss < 0.2 AS sure FROM unnest(ARRAY['auto', 'logistic', 'trees']) a, LATERAL customer_ai.train('exact_' || a);
SELECT bool_and(probability BETWEEN 0 AND 1 AND probability NOT IN (0, 1)) AS never_certain
FROM generate_series(1, 50) p, LATERAL customer_ai.predict('exact_logistic', p::text);

DO $$ DECLARE m text; BEGIN FOR m IN SELECT name FROM customer_ai.model LOOP PERFORM customer_ai.drop_model(m); END LOOP; END $$;
DROP TABLE visit, example, few, odd, exact;
DROP FUNCTION draw(text);
