-- Names in conditions are looked up once, by whoever defines them, as those of a view; what changes with the clock or the
-- session is refused; cutoff is the instant of the prediction.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE SCHEMA mine;
-- A type of our own that compares in its own way, as those of extensions do.
CREATE FUNCTION mine.alike(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.lower($1) = pg_catalog.lower($2)';
CREATE OPERATOR mine.=== (FUNCTION = mine.alike, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION mine.is_sale(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 = 'sale' $$;
CREATE FUNCTION mine.rate() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';
CREATE TYPE mine.kind AS ENUM ('sale', 'visit');
CREATE COLLATION mine.c FROM "C";
CREATE AGGREGATE mine.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE TYPE mine.place AS (city text, zip int);
CREATE TABLE mine.e (customer_id int, at timestamptz, event text, kind mine.kind, amount int, tags text[], props jsonb,
    place mine.place, "Odd $1 ""name""" text);
CREATE FUNCTION mine.goal(goal text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    PERFORM customer_ai.create_model('names', 'mine.e', goal, '30 days', 'customer_id', 'at');
    SELECT goal_sql INTO found FROM customer_ai.model WHERE name = 'names';
    PERFORM customer_ai.drop_model('names');
    RETURN found;
END $$;
SET search_path = mine, public;
SELECT goal($$ event === 'SALE' $$);
SELECT goal($$ is_sale(event) AND kind = 'sale' $$);
SELECT goal($$ event COLLATE c > 'a' $$);
SELECT goal($$ total(amount) > 3 AND count(*) FILTER (WHERE event === 'sale') = 0 $$);
SELECT goal($$ 'a' = ANY (tags) AND tags[1] = 'x' AND props ->> 'a$1' = 'it''s "$1" \ ' AND (place).city = 'Rome' $$);
SELECT goal($$ "Odd $1 ""name""" = '$1' -- a comment $$);
SELECT goal($$ amount BETWEEN 1 AND 3 OR event IN ('a', 'b') OR event ~ '^x' OR event LIKE 'a%' OR amount IS DISTINCT FROM 3 $$);
SELECT goal($$ CASE WHEN amount > 1 THEN coalesce(event, 'x') = 'y' ELSE (props -> 'n')::int > 1.5 END $$);
SELECT goal($$ percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) > 2 AND array_agg(event ORDER BY at DESC) @> ARRAY['x'] $$);
SELECT goal($$ at::date > '2025-01-01' AND date_trunc('month', at) = '2025-01-01' AND to_char(at, 'YYYY') = '2025' $$);
SELECT goal($$ count(DISTINCT event) > 1 AND max(at) - min(at) > interval '1 day' $$);
-- The instant of the prediction.
SELECT goal($$ at > cutoff + interval '3 days' AND event = 'sale' $$);
SELECT goal($$ count(*) > 1 AND extract(month FROM cutoff) = 1 AND max(at) - cutoff > '3 days' $$);
SELECT goal($$ count(*) FILTER (WHERE cutoff > '2025-01-01') > 0 $$);
-- A function that may change is said, not refused.
SELECT goal($$ amount > rate() $$);
-- A whole row would be another one when it runs.
SELECT goal($$ count(e) > 1 $$);
RESET search_path;
SELECT mine.goal($$ event === 'SALE' $$);

-- What changes with the clock or the session.
\set refused 'SELECT mine.goal'
:refused ($$ at > now() - interval '90 days' $$);
:refused ($$ at::date > current_date - 30 $$);
:refused ($$ at > LOCALTIMESTAMP $$);
:refused ($$ at > statement_timestamp() $$);
:refused ($$ age(at) < '30 days' $$);
:refused ($$ event = current_setting('application_name') $$);
:refused ($$ event = current_user $$);
:refused ($$ amount = pg_backend_pid() $$);
:refused ($$ at > 'today' $$);
:refused ($$ at > timestamptz 'now' $$);
:refused ($$ at::date = 'Yesterday'::date + 1 $$);
:refused ($$ at < 'tomorrow'::text::timestamptz $$);
:refused ($$ event @@ 'sale' $$);
:refused ($$ has_table_privilege('pg_class', 'SELECT') $$);
-- These only look so.
SELECT mine.goal($$ event = 'now' AND age(at, '2025-01-01') < '30 days' $$);
SELECT customer_ai.create_model('names', 'mine.e', 'true', '30 days', 'customer_id', 'at', eligible => 'at > now()');
SELECT customer_ai.create_model('names', 'mine.e', 'true', '30 days', 'customer_id', 'at', exclude => 'at > now()');
SELECT customer_ai.create_model('names', 'mine.e', 'true', '30 days', 'customer_id', 'at',
    options => '{"attributes": {"days": "extract(day FROM now() - at)"}}');
SELECT customer_ai.create_model('names', 'mine.e', 'true', '30 days', 'customer_id', 'at');
SELECT customer_ai.add_events('names', 'mine.e', where_clause => 'at > now()');
SELECT customer_ai.add_events('names', 'mine.e', where_clause => 'at > cutoff');
SELECT customer_ai.drop_model('names');

-- What was found when a condition was defined is what runs, whatever the path then; also of attributes, where_clause and
-- segments.
INSERT INTO mine.e SELECT p, timestamptz '2025-01-01' + (d * 24 + p % 24) * interval '1 hour',
    CASE (p + d) % 5 WHEN 0 THEN 'Sale' WHEN 1 THEN 'sale' ELSE 'visit' END, 'sale', (p * d) % 7
FROM generate_series(1, 150) p, generate_series(0, 199) d WHERE (p * 7 + d * 3) % 11 < 2 AND (d < 120 OR p % 3 > 0);
SET search_path = mine, public;
SELECT customer_ai.create_model('names', 'mine.e', $$ event === 'SALE' $$, '10 days', 'customer_id', 'at', 'event',
    options => '{"attributes": {"sold": "is_sale(event)"}, "algorithm": "logistic", "allow_small": true}');
SELECT customer_ai.add_events('names', 'mine.e', 'customer_id', 'at', 'event', where_clause => $$ event === 'nothing' $$);
SET search_path = '';
SET client_min_messages = error;
SELECT examples > 100 AS trained FROM customer_ai.train('names');
RESET client_min_messages;
SELECT test_profiles, round(test_profiles * base_rate) AS positives
FROM customer_ai.backtest('names', ARRAY[timestamptz '2025-07-01']);
SELECT count(*) AS profiles, count(*) FILTER (WHERE sold) AS positives FROM (
    SELECT bool_or(at > '2025-07-01' AND at <= '2025-07-11' AND event IN ('Sale', 'sale')) AS sold FROM mine.e
    GROUP BY customer_id HAVING bool_or(at > timestamptz '2025-07-01' - interval '45 days' AND at <= '2025-07-01')) x;
SELECT profiles > 0 AS scored FROM customer_ai.score('names', as_of => '2025-07-01');
SET search_path = mine;
SELECT customer_ai.create_segment('mine.some', 'names', $$ bucket === 'HIGH' OR bucket === 'Medium' OR bucket === 'low' $$);
SET search_path = '';
SELECT customer_ai.refresh_segment('mine.some') = count(*) AS same FROM mine.names_scores;
SELECT customer_ai.drop_model('names');

-- A column called cutoff keeps its meaning.
SET search_path = '';
CREATE TABLE mine.with_cutoff (customer_id int, at timestamptz, cutoff timestamptz);
SELECT customer_ai.create_model('names', 'mine.with_cutoff', 'at > cutoff', '10 days', 'customer_id', 'at');
SELECT goal_sql, goal_aggregates FROM customer_ai.model;
SELECT customer_ai.drop_model('names');
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA mine CASCADE;
