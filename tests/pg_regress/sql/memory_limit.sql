-- A session that met the limit of memory again and again trains and scores when the limit is raised.
SET timezone = 'UTC';
SET client_min_messages = error;
-- One profile with half a million events, which is held at once, among others.
CREATE TABLE heavy_visit AS
SELECT p AS profile, timestamptz '2025-01-01' + n::bigint * 7919 % 10368000 * interval '1 second' AS at,
    CASE WHEN n % 5 = 0 THEN 'buy' ELSE 'look' END AS kind, (n % 100)::float8 AS amount
FROM (SELECT 0 AS p, n FROM generate_series(1, 500000) n
    UNION ALL SELECT p, n * 31 + p FROM generate_series(1, 500) p, generate_series(1, 20) n) e;
SELECT customer_ai.create_model('heavy', 'heavy_visit', $$ kind = 'buy' $$, '10 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic"}') IS NOT NULL AS made;
SELECT version FROM customer_ai.train('heavy');
CREATE FUNCTION outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT count(*) FROM ' || call;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate;
END $$;
SET customer_ai.max_memory = '16MB';
SELECT call, array_agg(outcome('customer_ai.' || call || '(''heavy'')')) AS outcomes
FROM unnest(ARRAY['train', 'score', 'features']) call, generate_series(1, 3) GROUP BY call ORDER BY call;
RESET customer_ai.max_memory;
SELECT version FROM customer_ai.train('heavy');
SELECT profiles FROM customer_ai.score('heavy');
SELECT count(*) FROM customer_ai.versions WHERE model = 'heavy';
SELECT customer_ai.drop_model('heavy');
DROP TABLE heavy_visit;
DROP FUNCTION outcome;
