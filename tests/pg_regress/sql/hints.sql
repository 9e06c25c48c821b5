-- Every function with every argument wrong in turn, found in the catalog, so that none is forgotten: whatever is refused says
-- why (DETAIL), what to do (HINT), and is no internal error. What is listed here has a part missing.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE SCHEMA h;
CREATE TABLE h.visit AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at, p % 5 AS amount, 'N/A' AS said
    FROM generate_series(1, 90) p, generate_series(1, 20) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE h.person AS SELECT p AS customer_id, p % 4 AS tier FROM generate_series(1, 90) p;
CREATE SEQUENCE h.counter;
SELECT customer_ai.create_model('h', 'h.visit', 'amount > 1', '14 days', 'customer_id', 'at', options => '{"algorithm": "logistic", "allow_small": true}');
SELECT customer_ai.create_model('untrained', 'h.visit', 'amount > 1', '14 days', 'customer_id', 'at');
SELECT version FROM customer_ai.train('h', activate => 'always');
SELECT run > 0 AS scored FROM customer_ai.score('h');

CREATE FUNCTION h.given(argument text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE argument
        WHEN 'model' THEN '''h''' WHEN 'events' THEN '''h.visit''' WHEN 'profiles' THEN '''h.person''' WHEN 'goal' THEN '''amount > 1'''
        WHEN 'outcome_window' THEN '''14 days''' WHEN 'profile' THEN '17' WHEN 'cutoffs' THEN '''2025-03-01''' WHEN 'segment' THEN '''h.few'''
        WHEN 'condition' THEN '''score > 50''' WHEN 'new_name' THEN '''h2''' WHEN 'new_model' THEN '''h2''' END
$$;
CREATE FUNCTION h.wrong(type text) RETURNS text[] LANGUAGE sql AS $$
    SELECT 'NULL'::text || CASE
        WHEN type = 'text' THEN ARRAY['''''', '''no such''', '''untrained''', 'repeat(''x'', 100000)', 'E''a\x01b''', '''a b; c''', '''said::numeric > 1''']
        WHEN type = 'regclass' THEN ARRAY['0::oid::regclass', '''h.counter''', '''pg_class''', '''customer_ai.model''']
        WHEN type = 'jsonb' THEN ARRAY['''1''', '''{"x": 1}''', '''[1]''', '''{"seed": "x", "columns": []}''', '''{"columns": ["nope"]}''']
        WHEN type = 'interval' THEN ARRAY['''0''', '''-1 day''', '''1000 years''']
        WHEN type LIKE 'timestamp%' THEN ARRAY['''infinity''', '''3000-01-01''', '''1990-01-01''']
        WHEN type = 'name' THEN ARRAY['''nope''', '''amount''', '''''']
        WHEN type = 'name[]' THEN ARRAY['''{}''', '''{nope}''', '''{NULL}''']
        WHEN type = 'anycompatible' THEN ARRAY['''nobody''', '99999', '''{}''', 'true', '''infinity''']
        WHEN type IN ('integer', 'bigint', 'smallint') THEN ARRAY['-1', '0', '99999']
        WHEN type = 'double precision' THEN ARRAY['-1', '''NaN''', '''infinity''']
        ELSE '{}' END
$$;
CREATE FUNCTION h.calls() RETURNS TABLE (call text) LANGUAGE sql AS $$
    WITH argument AS (
        SELECT p.oid, p.proname, a.name, a.n, format_type(a.type, NULL) AS type, a.n <= p.pronargs - p.pronargdefaults AS needed
        FROM pg_proc p, unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) WITH ORDINALITY AS a(name, type, n)
        WHERE p.pronamespace = 'customer_ai'::regnamespace AND p.prokind = 'f' AND NOT p.proisstrict
            AND p.prorettype <> 'internal'::regtype AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
    )
    SELECT format('SELECT 1 FROM customer_ai.%I(%s)', w.proname, string_agg(
        format('%I => %s', a.name, CASE WHEN a.n = w.n THEN wrong ELSE coalesce(h.given(a.name), 'NULL') END), ', ' ORDER BY a.n))
    FROM argument w, unnest(h.wrong(w.type)) wrong, argument a
    WHERE a.oid = w.oid AND (a.needed OR a.n = w.n)
    GROUP BY w.oid, w.proname, w.n, wrong
$$;
CREATE FUNCTION h.sweep(OUT call text, OUT state text, OUT message text, OUT detail text, OUT hint text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    FOR call IN SELECT c.call FROM h.calls() c ORDER BY 1 LOOP
        BEGIN
            EXECUTE call;
            RAISE EXCEPTION USING ERRCODE = 'HH000';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            IF state <> 'HH000' THEN
                RETURN NEXT;
            END IF;
        END;
    END LOOP;
END $$;
CREATE TEMP TABLE swept AS SELECT * FROM h.sweep();
SELECT count(*) > 100 AS enough, count(DISTINCT split_part(call, '(', 1)) > 10 AS of_many_functions FROM swept;
\pset format unaligned
\pset tuples_only on
SELECT left(call, 150), state, left(message, 150), left(detail, 80), left(hint, 80) FROM swept
WHERE detail = '' OR hint = '' OR state LIKE 'XX%' OR hint LIKE '%...%' OR length(message || detail || hint) > 2500
ORDER BY call;
\pset format aligned
\pset tuples_only off
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
DROP SCHEMA h CASCADE;
