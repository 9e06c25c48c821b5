-- Attempts on every function that PostgreSQL calls past the types of Rust: directly, and as each part of made-up
-- aggregates. What they are comes from the catalog, so that none is forgotten. :document is a model's, in hexadecimal digits.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT setseed(0.15) \g /dev/null
CREATE SCHEMA fuzz;
GRANT USAGE, CREATE ON SCHEMA fuzz TO PUBLIC;

-- Values of every form. The columns e and m are many, so that a row is long enough for PostgreSQL to keep e apart and to
-- compress m although each has just the 56 bytes of a state.
CREATE FUNCTION fuzz.for_each(pattern text) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(format(pattern, i), ', ' ORDER BY i) FROM generate_series(1, 50) i $$;
DO $$
BEGIN
    EXECUTE format('CREATE TABLE fuzz.source (n int PRIMARY KEY, at timestamptz, kind text, flag boolean, plain bytea, short bytea,
            random bytea, long text, number numeric, document customer_ai_internal.model_document, %s, %s)',
        fuzz.for_each('e%s bytea'), fuzz.for_each('m%s bytea'));
    EXECUTE format('ALTER TABLE fuzz.source ALTER plain SET STORAGE PLAIN, ALTER long SET STORAGE EXTERNAL, %s, %s',
        fuzz.for_each('ALTER e%s SET STORAGE EXTERNAL'), fuzz.for_each('ALTER m%s SET STORAGE MAIN'));
END $$;
CREATE FUNCTION fuzz.noise(length int) RETURNS bytea LANGUAGE sql AS
    $$ SELECT coalesce(string_agg(set_byte('\x00', 0, floor(256 * random())::int), ''), '') FROM generate_series(1, length) $$;
-- A pointer of PostgreSQL's to an address, as content; the largest counts; a whole state; anything.
CREATE FUNCTION fuzz.state(n int) RETURNS bytea LANGUAGE sql AS $$
    SELECT CASE n % 4 WHEN 0 THEN decode('01424242424242' || '0000' || repeat('11', 47), 'hex') WHEN 1 THEN decode(repeat('ff', 56), 'hex')
        WHEN 2 THEN decode(repeat('00', 56), 'hex') ELSE fuzz.noise(56) END $$;
DO $do$
BEGIN
    EXECUTE format($insert$
        INSERT INTO fuzz.source
        SELECT n, CASE WHEN n %% 9 = 0 THEN 'infinity' WHEN n %% 10 <> 0 THEN timestamptz '2025-01-01' + n * interval '1 day' END,
            CASE n %% 7 WHEN 0 THEN NULL WHEN 1 THEN repeat('long ', 3000) ELSE 'kind ' || n %% 5 END, n %% 3 = 0,
            fuzz.state(n), fuzz.state(n + 1), fuzz.noise(n), repeat(md5(n::text), 400),
            CASE n %% 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 10::numeric ^ 300 + n ELSE n::numeric / 7 END,
            CASE WHEN n %% 4 > 0 THEN %L::customer_ai_internal.model_document END, %s, %s
        FROM generate_series(1, 60) n $insert$, current_setting('fuzz.document'),
        fuzz.for_each('fuzz.state(n + %s)'), fuzz.for_each($m$ decode(repeat(CASE n %% 3 WHEN 0 THEN '00' WHEN 1 THEN 'ff' ELSE '01' END, 56), 'hex') $m$));
END $do$;
ANALYZE fuzz.source;
GRANT SELECT ON fuzz.source TO PUBLIC;
DO $$
BEGIN
    ASSERT (SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE oid = 'fuzz.source'::regclass), 'nothing is kept apart';
    ASSERT (SELECT count(pg_column_compression(m1)) > 50 FROM fuzz.source), 'nothing is compressed';
END $$;

-- What was tried, and how it ended.
CREATE TABLE fuzz.outcome (number bigint GENERATED ALWAYS AS IDENTITY, attempt text, state text, message text);
GRANT INSERT, SELECT ON fuzz.outcome TO PUBLIC;
CREATE PROCEDURE fuzz.attempt(statement text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    INSERT INTO fuzz.outcome (attempt, state) VALUES (statement, '00000');
EXCEPTION WHEN OTHERS THEN
    INSERT INTO fuzz.outcome (attempt, state, message) VALUES (statement, SQLSTATE, SQLERRM);
END $$;

-- Expressions of a type, and types that stand for "any".
CREATE FUNCTION fuzz.value(type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    choices text[] := CASE type
        WHEN 'bytea' THEN ARRAY['plain', 'short', 'e1', 'e1', 'e33', 'm1', 'm1', 'm33', 'random', '''''::bytea', 'NULL::bytea']
        WHEN 'timestamptz' THEN ARRAY['''2026-01-01''::timestamptz', '''2026-01-01''::timestamptz', 'at', '''infinity''::timestamptz', 'NULL::timestamptz']
        WHEN 'jsonb' THEN ARRAY['''{}''::jsonb', '''{"timezone": "UTC", "numbers": 1, "texts": 0}''::jsonb', '''{"timezone": "UTC", "numbers": 0, "texts": 1}''::jsonb',
            '''[]''::jsonb', 'NULL::jsonb', 'jsonb_build_object(long, n)']
        WHEN 'boolean' THEN ARRAY['true', 'flag', 'NULL::boolean']
        WHEN 'cstring' THEN ARRAY['''00''::cstring', '''x''::cstring', 'byteaout(random)', 'NULL::cstring']
        WHEN '"any"' THEN ARRAY['at', 'kind', 'n', 'n::bigint', 'long', 'number', 'e1', 'm1', 'flag', 'ARRAY[n]', 'document', 'at::date', 'at::timestamp',
            'kind::char(9)', 'md5(n::text)::uuid', 'NULL::text', 'NULL::int', 'interval ''1 day''', 'ROW(n)', '''{"a": 1}''::jsonb', 'point(n, n)', '''unknown''', 'n::float8']
        WHEN 'customer_ai_internal.model_document' THEN ARRAY[quote_literal(current_setting('fuzz.document')) || '::customer_ai_internal.model_document', 'document', 'NULL::customer_ai_internal.model_document']
        WHEN 'numeric' THEN ARRAY['number', 'number', 'NULL::numeric']
        WHEN 'text' THEN ARRAY['kind', 'long', 'NULL::text']
        WHEN 'bigint' THEN ARRAY['n::bigint', 'NULL::bigint']
        WHEN 'internal' THEN ARRAY['NULL']
        WHEN 'anynonarray' THEN ARRAY['n', 'kind', 'e1', 'm1']
        ELSE ARRAY[format('NULL::%s', type)] END;
BEGIN
    RETURN choices[1 + floor(random() * cardinality(choices))];
END $$;
CREATE FUNCTION fuzz.declared(type text) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN type = '"any"' AND random() < 0.8
        THEN (ARRAY['timestamptz', 'text', 'int', 'bigint', 'bytea', 'numeric', 'boolean', 'uuid', 'int[]'])[1 + floor(random() * 9)] ELSE type END $$;
CREATE FUNCTION fuzz.values_of(types text[]) RETURNS text LANGUAGE sql AS
    $$ SELECT coalesce(string_agg(fuzz.value(type), ', ' ORDER BY place), '') FROM unnest(types) WITH ORDINALITY AS t (type, place) $$;

CREATE TABLE fuzz.raw AS
SELECT p.oid::regproc::text AS name,
    ARRAY(SELECT replace(format_type(type, NULL), 'timestamp with time zone', 'timestamptz')
        FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, place) ORDER BY place) AS arguments,
    replace(format_type(p.prorettype, NULL), 'timestamp with time zone', 'timestamptz') AS result, p.provariadic > 0 AS is_variadic
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_ai'
WHERE p.prolang IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal')) AND p.prokind = 'f'
    AND p.prosrc !~ '_wrapper$'; -- the others are called with the types of Rust
GRANT SELECT ON fuzz.raw TO PUBLIC;

-- What gives a state to the function that is tried: the row's value of that type.
CREATE PROCEDURE fuzz.take(name text, arguments text[]) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE FUNCTION fuzz.%s(%s) RETURNS %s LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L', name,
        array_to_string(arguments, ', '), arguments[1],
        CASE WHEN arguments[1] = arguments[2] THEN 'SELECT $2' ELSE 'SELECT $1' END);
END $$;

-- Makes an aggregate and asks it over all rows, over none, with parallel workers and over a window.
CREATE SEQUENCE fuzz.made;
GRANT USAGE ON fuzz.made TO PUBLIC;
CREATE PROCEDURE fuzz.aggregate(inputs text[], definition text, schema text DEFAULT 'fuzz') LANGUAGE plpgsql AS $$
DECLARE
    name text := format('%s.made_%s', schema, nextval('fuzz.made'));
    before bigint := (SELECT count(*) FROM fuzz.outcome WHERE state = '00000');
    given text;
BEGIN
    CALL fuzz.attempt(format('CREATE AGGREGATE %s (%s) (%s)', name, coalesce(nullif(array_to_string(inputs, ', '), ''), '*'), definition));
    IF (SELECT count(*) FROM fuzz.outcome WHERE state = '00000') = before THEN
        RETURN;
    END IF;
    FOR trial IN 1..2 LOOP
        given := coalesce(nullif(fuzz.values_of(inputs), ''), '*');
        CALL fuzz.attempt(format('SELECT length(%s(%s)::text) FROM fuzz.source', name, given));
        CALL fuzz.attempt(format('SELECT %s(%s) FROM fuzz.source GROUP BY n %% 7', name, given));
        CALL fuzz.attempt(format('SELECT %s(%s) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM fuzz.source WHERE n < 9', name, given));
    END LOOP;
    CALL fuzz.attempt(format('SELECT %s(%s) FROM fuzz.source WHERE false', name, given));
END $$;

-- One function in every place: by itself; of rows; of states that come from rows, at the end and in between.
CREATE PROCEDURE fuzz.attack(function fuzz.raw, schema text DEFAULT 'fuzz') LANGUAGE plpgsql AS $$
DECLARE
    state text := function.arguments[1];
    others text[] := function.arguments[2:];
    inputs text[];
    taking text;
    extra text;
BEGIN
    FOR trial IN 1..8 LOOP
        CALL fuzz.attempt(format('SELECT %s(%s) FROM fuzz.source', function.name, fuzz.values_of(function.arguments)));
    END LOOP;
    FOREACH state IN ARRAY CASE state WHEN '"any"' THEN ARRAY['bytea', 'text', 'bigint', 'int[]', 'internal'] ELSE ARRAY[state] END LOOP
        FOR trial IN 1..2 LOOP
            inputs := ARRAY(SELECT fuzz.declared(type) FROM unnest(others) WITH ORDINALITY AS o (type, place) ORDER BY place);
            CALL fuzz.aggregate(inputs, format('SFUNC = %s, STYPE = %s', function.name, state), schema);
            CALL fuzz.aggregate(inputs, format('SFUNC = %s, STYPE = %s, INITCOND = %L', function.name, state,
                CASE state WHEN 'bytea' THEN '\x' || repeat('ff', 56) WHEN 'jsonb' THEN '{}' WHEN 'timestamptz' THEN '2025-01-01' ELSE '1' END), schema);
            CALL fuzz.aggregate(inputs, format('SFUNC = %s, STYPE = %s, MSFUNC = %1$s, MINVFUNC = %1$s, MSTYPE = %2$s', function.name, state), schema);
        END LOOP;
        CONTINUE WHEN state = 'internal';
        -- Its state is what the rows bring.
        inputs := ARRAY(SELECT CASE type WHEN '"any"' THEN 'text' ELSE type END FROM unnest(others) WITH ORDINALITY AS o (type, place) ORDER BY place);
        taking := format('take_%s', nextval('fuzz.made'));
        CALL fuzz.attempt(format('CALL fuzz.take(%L, %L)', taking, ARRAY[state, state]));
        CALL fuzz.attempt(format('CALL fuzz.take(%L, %L)', taking, ARRAY[state, state] || inputs));
        CALL fuzz.attempt(format('CALL fuzz.take(%L, %L)', taking, ARRAY[state] || inputs));
        FOREACH extra IN ARRAY ARRAY['', ', FINALFUNC_EXTRA', ', COMBINEFUNC = ' || function.name || ', PARALLEL = SAFE'] LOOP
            CALL fuzz.aggregate(ARRAY[state], format('SFUNC = fuzz.%s, STYPE = %s, FINALFUNC = %s%s', taking, state, function.name, extra), schema);
            CALL fuzz.aggregate(inputs, format('SFUNC = fuzz.%s, STYPE = %s, FINALFUNC = %s%s', taking, state, function.name, extra), schema);
            CALL fuzz.aggregate(ARRAY[state], format('SFUNC = fuzz.%s, STYPE = %s%s', taking, state, replace(extra, ', FINALFUNC_EXTRA', '')), schema);
        END LOOP;
        -- An ordered set gives the final function values of its own.
        CALL fuzz.attempt(format('CREATE AGGREGATE %s.ordered_%s (%s ORDER BY %s) (SFUNC = fuzz.%2$s, STYPE = %4$s, FINALFUNC = %5$s)',
            schema, taking, array_to_string(inputs, ', '), state, function.name));
        FOR trial IN 1..3 LOOP
            CALL fuzz.attempt(format('SELECT %s.ordered_%s(%s) WITHIN GROUP (ORDER BY %s) FROM fuzz.source GROUP BY n', schema, taking, fuzz.values_of(inputs), fuzz.value(state)));
        END LOOP;
    END LOOP;
END $$;

-- Functions of ours and PostgreSQL's own in the places of one aggregate of an internal state: neither may take the other's.
CREATE PROCEDURE fuzz.mix() LANGUAGE plpgsql AS $$
DECLARE
    part text;
    places text[] := ARRAY['SFUNC = numeric_avg_accum', 'FINALFUNC = numeric_avg', 'COMBINEFUNC = numeric_avg_combine',
        'SERIALFUNC = numeric_avg_serialize', 'DESERIALFUNC = numeric_avg_deserialize'];
    changed text[];
BEGIN
    FOR part IN SELECT name FROM fuzz.raw WHERE 'internal' = ANY (arguments || result) ORDER BY name LOOP
        FOR one IN 1..5 LOOP
            FOR two IN one..5 LOOP
                changed := places;
                changed[one] := split_part(places[one], ' = ', 1) || ' = ' || part;
                changed[two] := split_part(places[two], ' = ', 1) || ' = ' || part;
                CALL fuzz.aggregate(ARRAY['numeric'], 'STYPE = internal, PARALLEL = SAFE, ' || array_to_string(changed, ', '));
            END LOOP;
        END LOOP;
        CALL fuzz.aggregate(ARRAY['anynonarray'], format('SFUNC = array_agg_transfn, STYPE = internal, FINALFUNC = %s', part));
        CALL fuzz.aggregate(ARRAY['anynonarray'], format('SFUNC = array_agg_transfn, STYPE = internal, FINALFUNC = %s, FINALFUNC_EXTRA', part));
        CALL fuzz.aggregate(ARRAY['bytea', 'bytea'], format('SFUNC = bytea_string_agg_transfn, STYPE = internal, FINALFUNC = %s', part));
    END LOOP;
END $$;
