-- Measures reading, training, scoring and live prediction on generated events; run by make bench.
-- psql -v events=10000000 -f tests/bench.sql measures another size.
\set ON_ERROR_STOP on
\if :{?events}
\else
    \set events 1000000
\endif
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS customer_ai;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

CREATE TABLE bench.result (stage text, seconds double precision, megabytes bigint);

-- The best of some runs of a statement; memory is the peak of this backend so far, from Linux.
CREATE FUNCTION bench.measure(stage text, statement text, runs int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz;
    seconds double precision;
BEGIN
    FOR run IN 1..runs LOOP
        started := clock_timestamp();
        EXECUTE statement;
        seconds := least(seconds, extract(epoch FROM clock_timestamp() - started));
    END LOOP;
    INSERT INTO bench.result VALUES (stage, seconds,
        substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+)')::bigint / 1024);
END $$;

-- A number in [0, 1) that depends on its arguments only.
CREATE FUNCTION bench.uniform(key bigint, seed bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (hashint8extended(key, seed) & 1048575) / 1048576.0;

-- Profiles with about 20 events each: some come often, some rarely, each stays for a while within two years.
CREATE TABLE bench.events AS
SELECT p AS profile,
    timestamptz '2024-01-01' + (least(joined + stay * bench.uniform(p * 4096 + n, 4), 1) * interval '730 days') AS at,
    CASE WHEN kind < 0.7 THEN 'visit' WHEN kind < 0.85 THEN 'cart' ELSE 'purchase' END AS kind,
    round((5 + 95 * bench.uniform(p * 4096 + n, 5))::numeric, 2)::double precision AS amount
FROM generate_series(1, :events / 20) p,
    LATERAL (SELECT bench.uniform(p, 1) AS joined, bench.uniform(p, 2) AS stay, bench.uniform(p, 3) AS activity) a,
    LATERAL generate_series(1, 1 + (76 * activity ^ 3)::int) n,
    LATERAL (SELECT bench.uniform(p * 4096 + n, 6) AS kind) k;
CREATE INDEX ON bench.events (profile, at);
VACUUM ANALYZE bench.events;

SELECT customer_ai.create_model('bench', 'bench.events',
    goal => $$ kind = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'profile', time_column => 'at', type_column => 'kind', eligible_window => NULL) AS model \gset

-- Each stage in a backend of its own, so that its memory is its own.
\c
SET max_parallel_workers_per_gather = 0;
SELECT bench.measure('count(*), max(time) by profile, one core',
    'SELECT sum(n) FROM (SELECT count(*) AS n, max(at) FROM bench.events GROUP BY profile) p', 3) \g /dev/null
\c
SELECT bench.measure('train', $$ SELECT customer_ai.train('bench') $$, 1) \g /dev/null
\c
SELECT bench.measure('score', $$ SELECT customer_ai.score('bench') $$, 2) \g /dev/null
\c
SELECT bench.measure('write the same rows by CREATE TABLE AS',
    'DROP TABLE IF EXISTS bench.copy; CREATE TABLE bench.copy AS SELECT * FROM bench.bench_scores', 2) \g /dev/null
\c
CREATE TABLE bench.latency (milliseconds double precision);
DO $$
DECLARE
    started timestamptz;
    profile text;
BEGIN
    FOR profile IN SELECT (1 + n * 7)::text FROM generate_series(1, 1000) n LOOP
        started := clock_timestamp();
        PERFORM customer_ai.predict('bench', profile);
        INSERT INTO bench.latency VALUES (1000 * extract(epoch FROM clock_timestamp() - started));
    END LOOP;
END $$;

\echo
SELECT to_char(count(*), '999,999,999') AS events, to_char(count(DISTINCT profile), '999,999,999') AS profiles,
    (SELECT to_char(count(*), '999,999,999') FROM bench.bench_scores) AS scored
FROM bench.events;
SELECT stage, round(seconds::numeric, 2) AS seconds, megabytes AS "peak MB" FROM bench.result;
SELECT 'predict, with factors' AS live,
    round((percentile_disc(0.5) WITHIN GROUP (ORDER BY milliseconds))::numeric, 2) AS "p50, ms",
    round((percentile_disc(0.99) WITHIN GROUP (ORDER BY milliseconds))::numeric, 2) AS "p99, ms"
FROM bench.latency;
SET client_min_messages = warning;
DROP SCHEMA bench CASCADE;
