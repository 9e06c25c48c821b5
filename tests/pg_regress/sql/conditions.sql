-- Conditions are SQL: what they may use, whether they are about one event or several, and where a mistake is.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE e (customer_id int, at timestamptz, kind text, "Größe" numeric, props jsonb, tags text[]);
CREATE FUNCTION goal(condition text, OUT one_or_more text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model('m', 'e', condition, '1 day', 'customer_id', 'at', 'kind');
    SELECT CASE WHEN goal_aggregates THEN 'events' ELSE 'event' END INTO one_or_more FROM customer_ai.model;
    PERFORM customer_ai.drop_model('m');
END $$;

SELECT goal, goal(goal) AS "about" FROM (VALUES
    ('true'),
    ($$ kind = 'buy' AND "Größe" > 20 $$),
    ($$ event = 'buy' AND source = 'e' $$),
    ($$ props ->> 'page' LIKE '/cart%' OR props @? '$.items[*] ? (@.price > 10)' $$),
    ($$ 'vip' = ANY (tags) AND at::date - date '2025-01-01' > 3 $$),
    ($$ CASE kind WHEN 'buy' THEN "Größe" > 5 ELSE false END /* all of it */ $$),
    ($$ count(*) FILTER (WHERE kind = 'visit') >= 3 $$),
    ($$ sum("Größe") > 100 AND max(at) - min(at) < interval '1 hour' $$),
    ($$ bool_or(kind = 'cart') AND bool_or(kind = 'search') -- both $$)
) AS g (goal);

-- Postgres' own messages, with the place in the condition
SELECT goal($$ kind = 'buy' AND grösse > 5 $$);
SELECT goal($$ "Größe" > 5 AND knid = 'buy' $$);
SELECT goal($$ kind = 5 $$);
SELECT goal($$ lowr(kind) = 'buy' $$);
SELECT goal($$ kind = 'buy $$);
SELECT goal($$ kind = 'buy' AND $$);
SELECT goal($$ kind = 'buy' /* $$);
SELECT goal($$ kind = 'buy') OR (true $$);
SELECT goal($$ kind = 'buy', true $$);
SELECT goal($$ true AS yes $$);
SELECT goal($$ true FROM e $$);
SELECT goal($$ true LIMIT 1 $$);
SELECT goal($$ * $$);
SELECT goal($$ -- nothing $$);

-- what would reach beyond the events, or not be the same twice
SELECT goal($$ customer_id IN (SELECT 1) $$);
SELECT goal($$ kind = 'buy' AND random() < 0.5 $$);
SELECT goal($$ clock_timestamp() > at $$);
SELECT goal($$ count(*) OVER () > 1 $$);
SELECT goal($$ unnest(tags) = 'x' $$);
SELECT goal($$ kind = $1 $$);
SELECT goal($$ sum(count(*)) > 1 $$);

-- settings of the session do not change what a condition means
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET DateStyle = 'German';
SELECT goal('kind = ''\\'' AND at > ''2025-01-31''');
RESET standard_conforming_strings;
RESET DateStyle;
DROP FUNCTION goal;
DROP TABLE e;
