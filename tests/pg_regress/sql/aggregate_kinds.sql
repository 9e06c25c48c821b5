-- Conditions whose aggregates are computed beside Postgres, or by it where its values are not held exactly: the profiles that
-- meet them at several cutoffs, compared with plain SQL.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA kinds;
CREATE TYPE kinds.colour AS ENUM ('red', 'green', 'blue');
CREATE COLLATION kinds.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN kinds.code AS text;
CREATE FUNCTION kinds.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE kinds.e AS
SELECT p AS customer_id, at, CASE WHEN a < 0.4 THEN 'buy' WHEN a < 0.9 THEN 'visit' END AS event,
    (a > 0.5)::bool AS flag, (100 * a)::int2 AS small, (1000 * b - 500)::int4 AS number,
    CASE WHEN p % 5 = 0 THEN 9007199254740993 ELSE 1 END * (10 * a)::int8 AS large, (b * 7)::float4 AS narrow,
    CASE WHEN a < 0.05 AND p % 7 = 0 THEN '-Infinity' ELSE round((b * 40)::numeric, 1)::float8 END AS wide,
    CASE WHEN b < 0.9 THEN (b * 100)::numeric(10, 2) END AS price, (b * 100)::numeric AS loose_price,
    (at + b * interval '40 days')::date AS due, CASE WHEN a < 0.02 THEN 'infinity' ELSE (at - b * interval '3 days')::timestamp END AS made,
    (ARRAY['red', 'green', 'blue'])[1 + (3 * a)::int % 3]::kinds.colour AS colour, ('c' || (5 * a)::int)::kinds.code AS code,
    (ARRAY['Ab', 'aB', 'x'])[1 + (3 * b)::int % 3] COLLATE kinds.loose AS loose, ((ARRAY['p', 'q '])[1 + (b * 2)::int % 2])::char(3) AS padded,
    md5(p::text || (4 * a)::int)::uuid AS ident,
    CASE WHEN p % 3 = 0 THEN repeat('long', 3000) || (a * 2)::int || repeat('end', 1000) ELSE 't' || (a * 3)::int END AS text
FROM generate_series(1, 60) p, generate_series(0, 239) d,
    LATERAL (SELECT kinds.draw('a' || p || '/' || d) AS a, kinds.draw('b' || p || '/' || d) AS b) x,
    LATERAL (SELECT timestamptz '2025-01-01' + (d + b) * interval '1 day' AS at) t
WHERE kinds.draw('e' || p || '/' || d) < 0.01 + 0.1 * kinds.draw('r' || p);

CREATE INDEX ON kinds.e (customer_id, at);

-- The cutoffs that are trained at, which no condition moves.
SELECT customer_ai.create_model('kinds', 'kinds.e', 'true', '20 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}') \g /dev/null
SELECT count(*) FROM customer_ai.train('kinds') \g /dev/null
CREATE TABLE kinds.cutoffs AS SELECT cutoff FROM customer_ai.version, unnest(cutoffs) cutoff;
SELECT count(*) AS cutoffs FROM kinds.cutoffs;
SELECT customer_ai.drop_model('kinds') \g /dev/null

-- Training rows with and without an event in the 20 days after the cutoff, and profiles that are eligible at one more
-- instant, by a model and by plain SQL.
CREATE FUNCTION kinds.says(condition text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    PERFORM customer_ai.create_model('kinds', 'kinds.e', 'true', '20 days', 'customer_id', 'at', 'event',
        eligible => condition, eligible_window => '35 days', options => '{"algorithm": "logistic", "allow_small": true}');
    SELECT array_agg(actual ORDER BY "check" DESC) INTO found FROM customer_ai.check_model('kinds') WHERE "check" ~ '(posi|nega)tive examples';
    found := found || (SELECT count(DISTINCT profile)::text FROM customer_ai.features('kinds', as_of => '2025-05-15 07:30'));
    PERFORM customer_ai.drop_model('kinds');
    RETURN found;
END $$;
CREATE FUNCTION kinds.by_hand(condition text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    found text[];
BEGIN
    EXECUTE format($q$
        WITH eligible AS (
            SELECT i.cutoff, EXISTS (SELECT FROM kinds.e WHERE customer_id = k.customer_id AND at > i.cutoff AND at <= i.cutoff + interval '20 days') AS positive
            FROM (SELECT * FROM kinds.cutoffs UNION ALL SELECT '2025-05-15 07:30') i, (SELECT customer_id, min(at) AS first FROM kinds.e GROUP BY 1) k
            WHERE first <= i.cutoff AND (SELECT (%s
                ) IS TRUE FROM kinds.e WHERE customer_id = k.customer_id AND at > i.cutoff - interval '35 days' AND at <= i.cutoff))
        SELECT ARRAY[count(*) FILTER (WHERE positive AND cutoff <> '2025-05-15 07:30'), count(*) FILTER (WHERE NOT positive AND cutoff <> '2025-05-15 07:30'),
            count(*) FILTER (WHERE cutoff = '2025-05-15 07:30')] FROM eligible $q$, condition) INTO found;
    RETURN found;
END $$;
CREATE TABLE kinds.cases (id serial, condition text);
INSERT INTO kinds.cases (condition) VALUES
    ('count(*) > 2'), ('count(event) > 2'), ($$ count(*) FILTER (WHERE event = 'buy') >= 2 $$),
    ($$ count(number) FILTER (WHERE event = 'buy') >= 2 $$), ('count(ROW(event, number)) > 2'),
    ('count(DISTINCT event) > 1'), ('count(DISTINCT flag) > 1'), ('count(DISTINCT small) > 2'), ('count(DISTINCT number) > 2'),
    ('count(DISTINCT large) > 2'), ('count(DISTINCT narrow) > 2'), ('count(DISTINCT price) > 2'), ('count(DISTINCT due) > 2'),
    ('count(DISTINCT made) > 2'), ('count(DISTINCT colour) > 1'), ('count(DISTINCT code) > 1'), ('count(DISTINCT loose) > 1'),
    ('count(DISTINCT padded) > 1'), ('count(DISTINCT ident) > 1'), ('count(DISTINCT text) > 1'),
    ($$ count(DISTINCT code) FILTER (WHERE event = 'visit') > 1 $$), ('count(DISTINCT date_trunc(''week'', at)) > 1'),
    ('bool_or(flag)'), ('bool_and(flag)'), ('every(event IS NULL)'), ($$ bool_or(flag) FILTER (WHERE event = 'buy') IS NULL $$),
    ('min(small) < 20'), ('max(small) - min(small) > 50'), ('min(number) < -300'), ('max(large) > 8'), ('max(narrow) > 6.5'),
    ('max(wide) > 35'), ('min(wide) < 2'), ('max(price) >= 90.5'), ('max(price)::text LIKE ''%5'''), ('max(loose_price) > 90'),
    ('max(due) > cutoff + interval ''20 days'''), ('max(made) > cutoff - interval ''12 days'''), ('max(at) > cutoff - interval ''12 days'''),
    ('max(at) IS NULL OR min(at) > cutoff - interval ''25 days'''), ('min(event) = ''buy'''), ('max(colour) = ''red'''),
    ('sum(small) > 150'), ('sum(number) > 0'), ('sum(large) > 20'), ('sum(large)::text LIKE ''%1'''), ('sum(narrow) > 12'), ('sum(wide) > 60'),
    ('sum(price) > 150.25'), ('sum(price)::text LIKE ''%5'''), ('coalesce(sum(price), 0) / greatest(count(*), 1) > 50'), ('sum(loose_price) > 150'),
    ('avg(number) > 0'), ('sum(DISTINCT small) > 100'), ('bool_or(at > cutoff - interval ''10 days'')'),
    ('count(*) FILTER (WHERE at > cutoff - interval ''10 days'') > 0'),
    ('sum(CASE WHEN at > cutoff - interval ''12 days'' THEN price ELSE 0 END) > sum(price) / 2'),
    ($$ count(DISTINCT code) FILTER (WHERE at > cutoff - interval '15 days') > 1 OR max(at) < cutoff - interval '25 days' $$),
    ('max(cutoff - at) > interval ''30 days'''), ('bool_and(due < cutoff) AND count(DISTINCT event) = 2'),
    ('string_agg(event, '','' ORDER BY at) LIKE ''buy,%'''), ('array_length(array_agg(number ORDER BY number), 1) > 2'),
    ($$ count(*) > 1 -- a comment $$), ('sum(100 / number) FILTER (WHERE number > 0) > 3'), ('count(*) > 1 AND NULL IS NULL AND ''$1'' <> ''c.a0''');
SELECT count(*) AS cases, count(*) FILTER (WHERE s IS DISTINCT FROM h) AS differing, count(DISTINCT h) > 40 AS telling,
    string_agg(c.id || ': ' || condition || ' ' || s::text || ' ' || h::text, '; ' ORDER BY id) FILTER (WHERE s IS DISTINCT FROM h) AS which
FROM kinds.cases c, LATERAL (SELECT kinds.says(condition) AS s, kinds.by_hand(condition) AS h OFFSET 0) y;
SET client_min_messages = warning;
DROP SCHEMA kinds CASCADE;
