-- Options are strict: each mistake names the option, what was found and what is required.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION try(options jsonb) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model('m', 'e', 'true', '1 day', 'customer_id', 'at', options => options);
    PERFORM customer_ai.drop_model('m');
    state := 'accepted';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
CREATE TABLE e (customer_id int, at timestamptz, amount numeric, props jsonb);
\pset format unaligned
\pset fieldsep ' | '
SET client_min_messages = warning;

SELECT o.options, t.* FROM (VALUES
    (NULL), ('[]'), ('null'), ('1'),
    ('{"sead": 1}'), ('{"Seed": 1}'), ('{"no_such_thing": 1}'),
    ('{"seed": "one"}'), ('{"seed": 1.5}'), ('{"seed": -9223372036854775808}'), ('{"seed": 1e400}'),
    ('{"factors": 0}'), ('{"factors": 20}'), ('{"factors": 21}'), ('{"factors": "NaN"}'),
    ('{"keep_runs": 1001}'), ('{"keep_runs": -1}'), ('{"max_training_rows": 1000000000000}'),
    ('{"buckets": [25, 75]}'), ('{"buckets": [75, 25]}'), ('{"buckets": [0, 50]}'), ('{"buckets": [25]}'),
    ('{"algorithm": "trees"}'), ('{"algorithm": "forest"}'), ('{"allow_small": 1}'),
    ('{"timezone": "Europe/Lisbon"}'), ('{"timezone": "Mars"}'), ('{"timezone": ""}'),
    ('{"columns": ["amount"]}'), ('{"columns": "amount"}'), ('{"columns": [1]}'),
    ('{"attributes": {"page": "props ->> ''page''"}}'), ('{"attributes": {"page": "props"}}'),
    ('{"attributes": {"amount": "amount * 2"}}'), ('{"attributes": {"page": "propz"}}'),
    ('{"attributes": {"total": "sum(amount)"}}'), ('{"attributes": ["amount"]}')
) AS o (options), LATERAL try(o.options::jsonb) t;
RESET client_min_messages;

-- deep, long: refused, not crashed
SELECT t.* FROM try((repeat('[', 1000) || repeat(']', 1000))::jsonb) t;
SELECT t.* FROM try(jsonb_build_object('goal_name', repeat('x', 100000))) t;

-- a column that no relation has, with the name that may have been meant
\set VERBOSITY default
SELECT customer_ai.create_model('m', 'e', 'true', '1 day', 'customer_id', 'at', options => '{"ignore": ["amuont", "props"]}');
DROP TABLE e;
DROP FUNCTION try;
