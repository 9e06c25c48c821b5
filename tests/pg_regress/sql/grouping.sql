-- The aggregates over events give the same for a group however the executor brings its rows together: by hash, by
-- sort, in sets, over and over again, in parallel, spilling, and with groups large and small.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1.25 minutes' AS at,
        CASE n % 3 WHEN 0 THEN 'buy' ELSE 'look' END AS kind,
        CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN n * 1e9 WHEN 3 THEN n / 3.0 ELSE n + 0.25 END::float8 AS amount,
        'page ' || n % 4 AS page
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
-- Times that are left out, a text that is long, and a profile of very many events, after all others.
UPDATE visit SET at = CASE profile % 3 WHEN 0 THEN 'infinity' WHEN 1 THEN NULL ELSE timestamptz '2030-01-01' END
    WHERE amount = 13.25 AND profile > 100;
UPDATE visit SET page = repeat('x', 9000) WHERE profile = 7 AND amount = 4.25;
INSERT INTO visit SELECT 1000, timestamptz '2024-01-01' + n * interval '1.001 minutes', 'look', n % 100, 'page ' || n
    FROM generate_series(1, 20000) n;
ANALYZE visit;
SELECT customer_ai.create_model('return', 'visit', 'kind = ''buy''', '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic"}') IS NOT NULL AS defined;
DO $$ BEGIN PERFORM customer_ai.train('return', as_of => '2025-06-01'); END $$;
SELECT encode(document, 'hex') AS doc FROM customer_ai.version \gset
SELECT format('customer_ai_internal.event_features(%L, ''2025-06-01'', NULL, ''{}'', at, kind, kind = ''buy'', amount IS NULL OR amount > 5, kind = ''look'' AND amount = 8.25, amount, page)', :'doc') AS features,
    format('customer_ai_internal.event_scores(%L, ''2025-06-01'', NULL, ''{}'', at, kind, kind = ''buy'', amount IS NULL OR amount > 5, kind = ''look'' AND amount = 8.25, amount, page)', :'doc') AS scores \gset

-- What each profile's answer is by itself.
CREATE TABLE expected AS SELECT v.profile, a.features, a.scores
    FROM (SELECT DISTINCT profile FROM visit) v,
        LATERAL (SELECT :features AS features, :scores AS scores FROM visit WHERE visit.profile = v.profile) a;
SELECT count(*) AS profiles, count(DISTINCT features) > 300 AS they_differ, sum(length(features)) > 100000 AS long FROM expected;

PREPARE together AS
    SELECT count(*) AS profiles, bool_and(g.features = e.features AND g.scores = e.scores) AS the_same
    FROM (SELECT profile, :features AS features, :scores AS scores FROM visit GROUP BY profile) g FULL JOIN expected e USING (profile);
EXECUTE together;
SET enable_hashagg = off;
EXECUTE together;
RESET enable_hashagg;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SET enable_sort = off;
EXECUTE together;
RESET work_mem;
RESET hash_mem_multiplier;
RESET enable_sort;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER FUNCTION customer_ai_internal.event_collect COST 1000;
EXECUTE together;
SET enable_hashagg = off;
EXECUTE together;
RESET enable_hashagg;
ALTER FUNCTION customer_ai_internal.event_collect COST 1;
SET max_parallel_workers_per_gather = 0;

-- Several sets at a time: each keeps its groups by itself. Once by hash, once by sort.
PREPARE sets AS
    SELECT concat_ws(' ', profile, page, kind) AS key, :features AS features FROM visit GROUP BY GROUPING SETS ((profile), (page, kind), ());
CREATE TABLE by_hash AS EXECUTE sets;
SET enable_hashagg = off;
CREATE TABLE by_sort AS EXECUTE sets;
RESET enable_hashagg;
SELECT count(*) > 20000 AS groups, count(*) FILTER (WHERE h.features = s.features) = count(*) AS the_same,
    count(*) FILTER (WHERE h.features = e.features) AS as_expected
FROM by_hash h FULL JOIN by_sort s USING (key) LEFT JOIN expected e ON e.profile::text = key;
PREPARE rollup AS
    SELECT count(*) AS groups, bool_and(g.features = e.features) AS the_same
    FROM (SELECT profile, :features AS features FROM visit GROUP BY CUBE (profile, kind) HAVING grouping(kind) = 1) g
        JOIN expected e USING (profile);
EXECUTE rollup;
SET enable_hashagg = off;
EXECUTE rollup;
RESET enable_hashagg;

-- Groups that are given up: the executor starts anew in the midst of them.
PREPARE again AS
    SELECT count(*) AS rows, bool_and(g.features = e.features) AS the_same
    FROM generate_series(1, 60) r,
        LATERAL (SELECT profile, :features AS features FROM visit WHERE profile BETWEEN r AND r + 2 GROUP BY profile LIMIT 1 + r % 2) g
        JOIN expected e USING (profile);
EXECUTE again;
SET enable_hashagg = off;
EXECUTE again;
RESET enable_hashagg;
BEGIN;
DECLARE answers SCROLL CURSOR FOR SELECT profile = 1 AS one, length(:features) > 100 AS long FROM visit WHERE profile < 3 GROUP BY profile ORDER BY profile;
FETCH 1 FROM answers;
FETCH ABSOLUTE 2 FROM answers;
FETCH PRIOR FROM answers;
COMMIT;

-- A query that fails leaves nothing behind that disturbs the next one.
SELECT sum(one) FROM (SELECT length(:features) / (max(profile) - 200) AS one FROM visit GROUP BY profile) f;
EXECUTE together;

SELECT customer_ai.drop_model('return') IS NOT NULL AS dropped;
DROP TABLE visit, expected, by_hash, by_sort;
