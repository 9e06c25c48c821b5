-- What training says of data that it can learn from, but should not be trusted blindly; and data that it refuses.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
-- A deterministic draw between 0 and 1.
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 300 profiles with a visit most days of 200, bought or not by no rule at all.
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        draw(p || '/' || d) < 0.012 AS bought
    FROM generate_series(1, 300) p, generate_series(0, 200) d WHERE draw(d || '-' || p) < 0.5;
SELECT customer_ai.create_model('chance', 'visit', 'bought', '14 days', 'profile', 'at', options => '{"ignore": ["bought"]}') IS NOT NULL AS defined;
-- nothing to be found: poor, and not above its baselines
DO $$ BEGIN PERFORM customer_ai.train('chance'); END $$;

-- an attribute that is known only after the outcome
CREATE TABLE example AS
    SELECT p AS profile, timestamptz '2025-03-01' + c * interval '20 days' AS cutoff, draw('label' || p) < 0.4 AS label
    FROM generate_series(1, 300) p, generate_series(0, 4) c;
CREATE TABLE person AS SELECT DISTINCT profile, profile % 3 AS shoe_size, CASE WHEN label THEN 'closed' ELSE 'open' END AS account FROM example;
SELECT customer_ai.create_model('leaky', 'visit', 'bought', '14 days', 'profile', 'at') IS NOT NULL AS defined;
SELECT customer_ai.add_profiles('leaky', 'person', 'profile') IS NOT NULL AS added;
DO $$ BEGIN PERFORM customer_ai.train('leaky', examples => 'example'); END $$;

-- a base rate that rises from one cutoff to the next
UPDATE visit SET bought = draw(profile || '/' || at) < 0.3 * extract(epoch FROM at - '2025-01-01') / 86400 / 200;
DO $$ BEGIN PERFORM customer_ai.train('chance'); END $$;
SELECT v.report -> 'warnings' -> 0 ->> 'warning' IS NOT NULL AS kept FROM customer_ai.version v ORDER BY id DESC LIMIT 1;

SELECT count(*) AS versions FROM customer_ai.versions;
DO $$ BEGIN PERFORM customer_ai.drop_model('chance'); PERFORM customer_ai.drop_model('leaky'); END $$;
DROP TABLE visit, example, person;
DROP FUNCTION draw(text);
