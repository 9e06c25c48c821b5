-- Measures reading, training, scoring and live prediction on generated events; run by make bench.
-- psql -v events=10000000 -f tests/bench.sql measures another size. A tenth of the events is measured
-- beside it, for the growth.
\set ON_ERROR_STOP on
\if :{?events}
\else
    \set events 1000000
\endif
\pset footer off
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS customer_ai;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

-- A number in [0, 1) that depends on its arguments only.
CREATE FUNCTION bench.uniform(key bigint, seed bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (hashint8extended(key, seed) & 1048575) / 1048576.0;

-- Profiles with about 20 events each, of 13 types, in random order: some come often, some rarely, each stays
-- for a while within two years, and some buy more than others.
CREATE TABLE bench.events AS
SELECT p AS profile,
    timestamptz '2024-01-01'
        + (joined + (1 - joined) * stay * bench.uniform(p * 4096 + n, 4)) * interval '730 days' AS at,
    CASE WHEN kind < 0.2 * liking THEN 'purchase' WHEN kind < 0.3 THEN 'cart'
        ELSE 'page ' || (11 * bench.uniform(p * 4096 + n, 7))::int % 11 END AS kind,
    round((5 + 95 * bench.uniform(p * 4096 + n, 5))::numeric, 2)::double precision AS amount,
    'channel ' || (6 * bench.uniform(p * 4096 + n, 8))::int AS channel,
    'device ' || (4 * bench.uniform(p, 9))::int AS device
FROM generate_series(1, :events / 20) p,
    LATERAL (SELECT bench.uniform(p, 1) AS joined, bench.uniform(p, 2) AS stay, bench.uniform(p, 3) AS activity,
        bench.uniform(p, 10) ^ 2 AS liking) a,
    LATERAL generate_series(1, 1 + (76 * activity ^ 3)::int) n,
    LATERAL (SELECT bench.uniform(p * 4096 + n, 6) AS kind) k
ORDER BY bench.uniform(p * 4096 + n, 11);
CREATE TABLE bench.tenth AS SELECT * FROM bench.events WHERE profile <= :events / 200;
CREATE INDEX ON bench.events (profile, at);
VACUUM ANALYZE bench.events;
VACUUM ANALYZE bench.tenth;

SELECT customer_ai.create_model(source, ('bench.' || source)::regclass,
    goal => $$ kind = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'profile', time_column => 'at', type_column => 'kind', eligible_window => NULL) AS model
FROM unnest(ARRAY['events', 'tenth']) source \g /dev/null

CREATE TABLE bench.result (number serial, source text, stage text, seconds double precision, cpu double precision);
CREATE TABLE bench.memory (stage text, megabytes bigint);

-- CPU seconds of this backend so far, from Linux.
CREATE FUNCTION bench.cpu() RETURNS double precision VOLATILE LANGUAGE sql
    RETURN split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::double precision / 1e9;

-- Runs a statement and keeps what it took; of training and scoring their phases as well.
CREATE FUNCTION bench.measure(source text, stage text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    cpu double precision := bench.cpu();
BEGIN
    EXECUTE replace(statement, 'SOURCE', source);
    INSERT INTO bench.result (source, stage, seconds, cpu)
    VALUES (source, stage, extract(epoch FROM clock_timestamp() - started), bench.cpu() - cpu);
    INSERT INTO bench.result (source, stage, seconds)
    SELECT source, stage || ': ' || key, value::double precision
    FROM (SELECT detail FROM customer_ai.runs WHERE kind = stage ORDER BY run DESC LIMIT 1) r,
        jsonb_each_text(r.detail->'seconds')
    WHERE key <> 'champion';
END $$;

CREATE PROCEDURE bench.remember(stage text) LANGUAGE sql AS $$
    INSERT INTO bench.memory VALUES (stage,
        substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+)')::bigint / 1024) $$;

-- Memory first, each stage in a backend of its own, so that its peak is its own.
\c
SET client_min_messages = error;
CALL bench.remember('a new backend');
\c
SET client_min_messages = error;
SELECT bench.measure(source, 'train', $$ SELECT customer_ai.train('SOURCE') $$)
FROM unnest(ARRAY['tenth', 'events']) source \g /dev/null
CALL bench.remember('train');
\c
SET client_min_messages = error;
SELECT bench.measure(source, 'score', $$ SELECT customer_ai.score('SOURCE') $$)
FROM unnest(ARRAY['tenth', 'events']) source \g /dev/null
CALL bench.remember('score');

-- Three rounds, in which the stages take turns.
\c
SET client_min_messages = error;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SELECT bench.measure(source, stage, statement)
FROM generate_series(1, 3) AS round, unnest(ARRAY['tenth', 'events']) AS source, (VALUES
    (1, 'read the columns', 'SELECT count(profile), count(at), count(kind), count(amount), count(channel), count(device)
        FROM bench.SOURCE'),
    (2, 'count(*), max(time) by profile', 'SELECT sum(n)
        FROM (SELECT count(*) AS n, max(at) FROM bench.SOURCE GROUP BY profile) p'),
    (3, 'check_model', $$ SELECT customer_ai.check_model('SOURCE') $$),
    (4, 'score', $$ SELECT customer_ai.score('SOURCE') $$),
    (5, 'write as CREATE TABLE AS', 'CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM bench.SOURCE_scores;
        DROP TABLE copy')) AS stages(place, stage, statement)
ORDER BY round, place, source \g /dev/null

CREATE TABLE bench.latency (milliseconds double precision);
DO $$
DECLARE
    started timestamptz;
    profile text;
BEGIN
    FOR profile IN SELECT (1 + n * 7 % (SELECT max(e.profile) FROM bench.events e))::text
        FROM generate_series(1, 1000) n LOOP
        started := clock_timestamp();
        PERFORM customer_ai.predict('events', profile);
        INSERT INTO bench.latency VALUES (1000 * extract(epoch FROM clock_timestamp() - started));
    END LOOP;
END $$;

\echo
SELECT to_char(count(*), '999,999,999') AS events, to_char(count(DISTINCT profile), '999,999,999') AS profiles,
    (SELECT to_char(count(*), '999,999,999') FROM bench.events_scores) AS scored,
    (SELECT to_char(rows, '999,999,999') FROM customer_ai.versions WHERE model = 'events') AS "training rows"
FROM bench.events;

-- Medians of the rounds; growth is the exponent from a tenth of the events to all of them.
WITH medians AS (
    SELECT source, stage, min(number) AS place, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu
    FROM bench.result GROUP BY source, stage)
SELECT whole.stage, round(whole.seconds::numeric, 2) AS seconds, round(whole.cpu::numeric, 2) AS "CPU s",
    round((whole.seconds / plain.seconds)::numeric, 2) AS "x GROUP BY",
    round(log(whole.seconds::numeric / greatest(tenth.seconds, 0.001)::numeric), 2) AS growth
FROM medians whole JOIN medians tenth USING (stage), medians plain
WHERE whole.source = 'events' AND tenth.source = 'tenth'
    AND plain.source = 'events' AND plain.stage LIKE 'count(*)%'
ORDER BY whole.place;

-- Shared memory that the backend touched is counted in.
SELECT stage AS memory, megabytes AS "peak MB" FROM bench.memory;
SELECT 'predict, with factors' AS live,
    round((percentile_disc(0.5) WITHIN GROUP (ORDER BY milliseconds))::numeric, 2) AS "p50, ms",
    round((percentile_disc(0.99) WITHIN GROUP (ORDER BY milliseconds))::numeric, 2) AS "p99, ms"
FROM bench.latency;
DROP SCHEMA bench CASCADE;
