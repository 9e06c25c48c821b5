-- The aggregates that training reads far events by: what they take and refuse, and that no part of them works alone.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' AS at, CASE n % 3 WHEN 0 THEN 'buy' ELSE 'look' END AS kind,
        (n % 5)::float8 AS amount, 'page ' || n % 4 AS page
    FROM generate_series(1, 30) p, generate_series(1, 20) n WHERE (p * 31 + n * 17) % 11 < 5 OR p < 3;
INSERT INTO visit VALUES (1, 'infinity', 'buy', 1, 'a'), (1, NULL, 'buy', 1, 'a'), (1, '2030-01-01', 'buy', 'nan', 'a'),
    (1, '2025-01-03', 'buy', 'nan', repeat('x', 10000)), (1, '2025-01-04', NULL, '-infinity', NULL);

-- A format, a body, events, future, no_time, not_finite, long_text; then the events, and each text once.
PREPARE history (timestamptz, jsonb) AS
    SELECT profile, customer_ai_internal.event_history($1, $2, at, kind, kind = 'buy', false, false, amount, page) AS history
    FROM visit WHERE profile < 3 GROUP BY profile ORDER BY profile;
CREATE TABLE history AS EXECUTE history ('2026-01-01', '{"timezone": "UTC", "numbers": 1, "texts": 1}');
SELECT profile, substr(history, 1, 7) AS head, position('page 1' IN history) > 0 AS spelled FROM history ORDER BY profile;
-- What is not in time is counted only.
SELECT substr(customer_ai_internal.event_history('2020-01-01', '{"timezone": "UTC", "numbers": 0, "texts": 0}', at, kind, NULL, NULL, NULL, NULL::bool), 1, 8) FROM visit;
SELECT customer_ai_internal.event_history(now(), '{"timezone": "UTC", "numbers": 0, "texts": 0}', at, kind, NULL, NULL, NULL, NULL::bool) IS NULL AS nothing FROM visit WHERE false;
-- events, future, no_time, not_finite, long_text, first, last
SELECT profile, customer_ai_internal.event_counts('2026-01-01', '{"timezone": "UTC", "numbers": 1, "texts": 1}', at, kind, false, false, false, amount, page)
FROM visit WHERE profile < 3 GROUP BY profile ORDER BY profile;
SELECT customer_ai_internal.event_counts('2020-01-01', '{"timezone": "UTC", "numbers": 0, "texts": 0}', at, kind, false, false, false, NULL::bool) FROM visit;

-- Options say how columns are read, and nothing else.
EXECUTE history (NULL, '{"timezone": "UTC", "numbers": 1, "texts": 1}');
EXECUTE history ('infinity', '{"timezone": "UTC", "numbers": 1, "texts": 1}');
EXECUTE history (now(), NULL);
EXECUTE history (now(), '{"timezone": "UTC", "numbers": 1, "texts": 1, "model": 1}');
EXECUTE history (now(), '{"timezone": "UTC", "numbers": -1, "texts": 1}');
EXECUTE history (now(), '{"timezone": "UTC", "numbers": 4000000000, "texts": 4000000000}');
EXECUTE history (now(), '{"timezone": "UTC", "numbers": 2, "texts": 1}');
EXECUTE history (now(), '{"timezone": "UTC", "numbers": 2, "texts": 0}');
SELECT customer_ai_internal.event_history(at, '{"timezone": "UTC", "numbers": 0, "texts": 1}', at, kind, true, true, false, page) FROM visit;
SELECT customer_ai_internal.event_history(now(), (SELECT '{}'::jsonb), at, kind, true, true, false, page) FROM visit;
SELECT customer_ai_internal.event_history(now(), '{"timezone": "UTC", "numbers": 0, "texts": 1}', kind, kind, true, true, false, page) FROM visit;
SELECT customer_ai_internal.event_counts(now(), '{"zone": "UTC"}', at, kind, true, true, false, amount) FROM visit;
SELECT customer_ai_internal.event_counts(now(), '{"timezone": "UTC", "numbers": 1, "texts": 0}', at, kind, true, true, false, page) FROM visit;
SELECT customer_ai_internal.event_counts(NULL, '{"timezone": "UTC", "numbers": 1, "texts": 0}', at, kind, true, true, false, amount) FROM visit;
-- The history of one profile is a value, and no larger.
SELECT customer_ai_internal.event_history(now(), '{"timezone": "UTC", "numbers": 90, "texts": 0}', timestamptz '2025-01-01', NULL::text, true, true, false,
    n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n, n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,
    n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n,n) IS NOT NULL
FROM generate_series(1, 400000) n;

-- Not over a window, and no part by itself or with a state that is none.
SELECT customer_ai_internal.event_history(now(), '{"timezone": "UTC", "numbers": 0, "texts": 1}', at, kind, true, true, false, page) OVER () FROM visit;
DO $$ BEGIN PERFORM customer_ai_internal.event_history_collect(NULL::internal, NULL, NULL, 1, 1, NULL, NULL, NULL, 1); EXCEPTION WHEN cannot_coerce OR feature_not_supported THEN RAISE INFO 'refused'; END $$;
SELECT customer_ai_internal.event_counts_collect('', now(), '{}', now(), 1, NULL, NULL, NULL, 1);
SELECT customer_ai_internal.event_counts_combine('', '');
CREATE AGGREGATE mine (bytea) (SFUNC = customer_ai_internal.event_counts_combine, STYPE = bytea, INITCOND = '\x00');
SELECT mine('\x00') FROM visit;
DROP AGGREGATE mine (bytea);

-- Places of equal keys are equal, whatever their type is called.
SELECT customer_ai_internal.sample_place(7) = customer_ai_internal.sample_place(7::bigint) AS integers, customer_ai_internal.sample_place('a'::text) = customer_ai_internal.sample_place('a'::varchar) AS texts,
    customer_ai_internal.sample_place(7) <> customer_ai_internal.sample_place(8) AS differ, customer_ai_internal.sample_place(NULL::uuid) IS NULL AS none;
SELECT count(*) FILTER (WHERE customer_ai_internal.sample_place(n) <= -9223372036854775808 / 2) BETWEEN 2400 AND 2600 AS a_quarter FROM generate_series(1, 10000) n;
SELECT customer_ai_internal.sample_place(now());

-- More texts than a dictionary holds: those of an attribute are an identifier to both feeders; of types only rows tell which to keep.
CREATE TABLE crowd AS SELECT n % 2000 AS profile, timestamptz '2025-01-01' + n * interval '2 minutes' AS at, n % 7 = 0 AS bought, md5(n::text) AS note
FROM generate_series(1, 140000) n;
SELECT customer_ai.create_model(model, 'crowd', 'bought', '14 days', 'profile', 'at', kind, options => '{"algorithm": "logistic", "max_training_rows": 2000}') IS NOT NULL AS defined
FROM (VALUES ('noted', NULL), ('typed', 'note')) m (model, kind);
SELECT examples > 500 AS trained FROM customer_ai.train('noted');
SET customer_ai.feeder = pushed_down;
SELECT examples > 500 AS trained FROM customer_ai.train('noted', activate => 'never');
SELECT count(*) AS versions, count(DISTINCT document) AS different FROM customer_ai.version;
SELECT * FROM customer_ai.check_model('typed');
RESET customer_ai.feeder;
SELECT count(*) > 5 AS checked FROM customer_ai.check_model('typed');
SELECT customer_ai.drop_model(model) IS NOT NULL AS dropped FROM customer_ai.models;
DROP TABLE visit, history, crowd;
