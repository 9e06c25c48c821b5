-- What users give as values: keys of any type, instants, names in options, texts that cannot be cast; and what their tables hold
-- that cannot be used. Each mistake is named, with the value, and says what to do.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE SCHEMA v;
CREATE TABLE v.visit AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        CASE WHEN p = 77 THEN 'N/A' ELSE (p % 11)::text END AS paid, p % 5 AS amount
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('v', 'v.visit', 'true', '14 days', 'customer_id', 'at', options => '{"algorithm": "logistic"}');
SELECT version FROM customer_ai.train('v', activate => 'always');
CREATE TEMP TABLE told AS SELECT probability FROM customer_ai.predict('v', '17');

-- A key of any type, a literal, and parameters with a type or without.
PREPARE by_text(text) AS SELECT probability FROM customer_ai.predict('v', $1);
PREPARE by_integer(integer) AS SELECT probability FROM customer_ai.predict('v', $1);
PREPARE untyped AS SELECT probability FROM customer_ai.predict('v', $1);
CREATE TEMP TABLE again AS
    SELECT 'integer' AS given, probability FROM customer_ai.predict('v', 17)
    UNION ALL SELECT 'bigint', probability FROM customer_ai.predict('v', 17::bigint)
    UNION ALL SELECT 'numeric', probability FROM customer_ai.predict('v', 17::numeric)
    UNION ALL SELECT 'varchar', probability FROM customer_ai.predict('v', '17'::varchar)
    UNION ALL SELECT 'char', probability FROM customer_ai.predict('v', '17'::char(5))
    UNION ALL SELECT 'named', probability FROM customer_ai.predict(profile => 17, model => 'v')
    UNION ALL SELECT 'column', p.probability FROM (SELECT 17 AS id) c, customer_ai.predict('v', c.id) p;
SELECT given, a.probability = t.probability AS same FROM again a, told t ORDER BY given;
CREATE TEMP TABLE prepared AS EXECUTE by_text('17');
CREATE TEMP TABLE prepared_2 AS EXECUTE by_integer(17);
CREATE TEMP TABLE prepared_3 AS EXECUTE untyped('17');
SELECT count(*) FILTER (WHERE p.probability = t.probability) AS same
FROM (TABLE prepared UNION ALL TABLE prepared_2 UNION ALL TABLE prepared_3) p, told t;
SELECT count(*) = (SELECT count(*) FROM customer_ai.explain('v', '17')) AS same FROM customer_ai.explain('v', 17);
SELECT 1 FROM customer_ai.predict('v', 'nobody');
SELECT 1 FROM customer_ai.predict('v', 17.5);
SELECT 1 FROM customer_ai.predict('v', repeat('9', 100000));
SELECT 1 FROM customer_ai.explain('v', 100000, as_of => '2025-10-01');
SELECT 1 FROM customer_ai.predict('v', NULL);

-- uuid and text keys.
CREATE TABLE v.by_uuid AS SELECT md5(customer_id::text)::uuid AS customer_id, at, amount FROM v.visit;
CREATE TABLE v.by_name AS SELECT ('c' || customer_id)::varchar(4) AS customer_id, at, amount FROM v.visit;
SELECT customer_ai.create_model(name, ('v.' || name)::regclass, 'true', '14 days', 'customer_id', 'at', options => '{"algorithm": "logistic"}')
FROM (VALUES ('by_uuid'), ('by_name')) m(name);
SELECT version FROM customer_ai.train('by_uuid', activate => 'always') UNION ALL
SELECT version FROM customer_ai.train('by_name', activate => 'always');
SELECT p.probability = q.probability AS same FROM customer_ai.predict('by_uuid', md5('17')::uuid) p, customer_ai.predict('by_uuid', md5('17')) q;
SELECT 1 FROM customer_ai.predict('by_uuid', 17);
SELECT probability > 0 AS known FROM customer_ai.predict('by_name', 'c17');
-- Not cut to the four letters of the column.
SELECT 1 FROM customer_ai.predict('by_name', 'c177777', as_of => '2025-10-01');
SELECT 1 FROM customer_ai.predict('by_name', repeat('c', 100000), as_of => '2025-10-01');

-- One cutoff or several.
SELECT cutoff FROM customer_ai.backtest('v', '2025-05-01');
SELECT cutoff FROM customer_ai.backtest('v', '{2025-05-01,2025-05-08}');
SELECT cutoff FROM customer_ai.backtest('v', date '2025-05-01');
SELECT cutoff FROM customer_ai.backtest('v', ARRAY[timestamp '2025-05-01 12:00']);
SELECT cutoff FROM customer_ai.backtest('v', cutoffs => timestamptz '2025-05-01');
SELECT cutoff FROM customer_ai.backtest('v', 17);
SELECT cutoff FROM customer_ai.backtest('v', 'yesterday evening');
SELECT cutoff FROM customer_ai.backtest('v', '{}');
SELECT profiles FROM customer_ai.score('v', as_of => '2024-12-31');

-- Columns in options.
SELECT customer_ai.create_model('o', 'v.visit', 'true', '14 days', options => '{"ignore": ["nope"]}');
SELECT customer_ai.create_model('o', 'v.visit', 'true', '14 days', options => '{"columns": ["amuont"]}');
SELECT customer_ai.create_model('o', 'v.visit', 'true', '14 days', options => '{"columns": []}');
SELECT customer_ai.create_model('o', 'v.visit', 'true', '14 days', options => '{"goal_name": "a\u0001b"}');
CREATE TABLE v.coupon (customer_id integer, at timestamptz, upc bigint);
SELECT customer_ai.create_model('o', 'v.visit', 'true', '14 days', 'customer_id', 'at', options => '{"ignore": ["upc"]}');
SET client_min_messages = error;

-- A value that cannot be cast: of which attribute or condition.
SELECT customer_ai.create_model('cast_attribute', 'v.visit', 'true', '14 days', 'customer_id', 'at',
    options => '{"attributes": {"sum": "paid::numeric", "half": "amount / 2"}}');
SELECT 1 FROM customer_ai.train('cast_attribute');
SELECT 1 FROM customer_ai.check_model('cast_attribute');
SELECT customer_ai.create_model('cast_goal', 'v.visit', 'paid::integer > 3', '14 days', 'customer_id', 'at');
SELECT 1 FROM customer_ai.train('cast_goal');
SELECT customer_ai.create_model('divided', 'v.visit', '10 / amount > 3', '14 days', 'customer_id', 'at');
SELECT 1 FROM customer_ai.train('divided');

-- Two rows of a profile without a date.
CREATE TABLE v.person AS SELECT p AS customer_id, p % 3 AS tier FROM generate_series(1, 200) p;
INSERT INTO v.person VALUES (4, 9), (NULL, 1), (NULL, 2);
SELECT customer_ai.create_model('twice', 'v.visit', 'true', '14 days', 'customer_id', 'at', options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_profiles('twice', 'v.person');
SELECT 1 FROM customer_ai.train('twice');
SELECT 1 FROM customer_ai.check_model('twice');
DELETE FROM v.person WHERE tier = 9;
SELECT version FROM customer_ai.train('twice', activate => 'always');
INSERT INTO v.person VALUES (4, 9);
SELECT 1 FROM customer_ai.predict('twice', 4);
SELECT 1 FROM customer_ai.score('twice');
SELECT probability > 0 AS predicted FROM customer_ai.predict('twice', 5);

-- A key that no index takes, beside those that it takes as they are or compressed.
CREATE TABLE v.long AS SELECT CASE customer_id WHEN 6 THEN repeat('x', 20000)
    WHEN 7 THEN (SELECT string_agg(md5(g::text), '') FROM generate_series(1, 150) g) WHEN 8 THEN repeat('y', 2500) ELSE customer_id::text END AS id, at FROM v.visit;
SELECT customer_ai.create_model('long', 'v.long', 'true', '14 days', 'id', 'at', options => '{"algorithm": "logistic"}');
SELECT 1 FROM customer_ai.train('long');
DELETE FROM v.long WHERE length(id) = 4800;
SELECT version FROM customer_ai.train('long', activate => 'always');
SELECT profiles > 20 AS scored FROM customer_ai.score('long');

-- Times that are none: the unit and the form are seen in the statistics, once there are some.
CREATE TABLE v.odd_time AS SELECT customer_id, extract(epoch FROM at)::bigint AS s, (extract(epoch FROM at) * 1000)::bigint AS ms,
    (extract(epoch FROM at) * 1000000)::bigint AS us, to_char(at, 'YYYYMMDD') AS day, to_char(at, 'DD/MM/YYYY HH24:MI') AS slashes,
    to_char(at, 'YYYY-MM-DD HH24:MI') AS iso, amount FROM v.visit;
SELECT customer_ai.create_model('t', 'v.odd_time', 'true', '14 days', 'customer_id', 'ms');
SELECT customer_ai.create_model('t', 'v.odd_time', 'true', '14 days', 'customer_id', 'day');
ANALYZE v.odd_time;
SET client_min_messages = warning;
\set VERBOSITY terse
DO $$ DECLARE hint text; name text; BEGIN
    FOREACH name IN ARRAY '{s,ms,us,amount,day,slashes,iso}'::text[] LOOP
        BEGIN
            PERFORM customer_ai.create_model('t', 'v.odd_time', 'true', '14 days', 'customer_id', name);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
            RAISE WARNING '%: %', name, regexp_replace(hint, 'such as \d+|like "[^"]*"', 'such as they are');
        END;
    END LOOP;
END $$;
\set VERBOSITY default

-- What vanishes with the session is no source of a model that stays.
CREATE TEMP TABLE visit AS SELECT * FROM v.visit;
CREATE TEMP VIEW seen AS SELECT * FROM v.visit;
DO $$ DECLARE statement text; BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'SELECT customer_ai.create_model(''t'', ''visit'', ''true'', ''14 days'')',
        'SELECT customer_ai.create_model(''t'', ''seen'', ''true'', ''14 days'')',
        'SELECT customer_ai.add_events(''v'', ''visit'')',
        'SELECT customer_ai.add_profiles(''v'', ''seen'')'] LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING '% %', SQLSTATE, regexp_replace(SQLERRM, 'pg_temp_\d+', 'pg_temp');
        END;
    END LOOP;
END $$;
SET client_min_messages = error;

DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
DROP SCHEMA v CASCADE;

-- A domain that has no NULL, in one of two sources.
CREATE SCHEMA v;
CREATE DOMAIN v.amount AS numeric NOT NULL CHECK (VALUE >= 0);
CREATE DOMAIN v.customer AS bigint NOT NULL;
CREATE TABLE v.visit (customer_id v.customer, at timestamptz, amount v.amount);
INSERT INTO v.visit SELECT p, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute', p % 5
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE v.call AS SELECT customer_id, at + interval '1 hour' AS at, 'x' AS channel FROM v.visit WHERE customer_id % 3 = 0;
SELECT customer_ai.create_model('d', 'v.visit', $$ event = 'visit' $$, '14 days', 'customer_id', 'at', options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_events('d', 'v.call', 'customer_id', 'at', event_type => 'call');
SELECT version FROM customer_ai.train('d', activate => 'always');
SELECT profiles > 20 AS scored FROM customer_ai.score('d');
SELECT probability > 0 AS predicted FROM customer_ai.predict('d', 17);
SELECT customer_ai.drop_model('d');
DROP SCHEMA v CASCADE;
