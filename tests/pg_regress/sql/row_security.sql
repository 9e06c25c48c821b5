-- Row-level security of the event tables holds in every function: a model sees the rows of its owner, whoever calls, and
-- where PostgreSQL would refuse to hide rows, so does the function. A new function is found here by itself.
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE ROLE regress_red;
CREATE ROLE regress_blue;
CREATE SCHEMA shop;
CREATE SCHEMA red AUTHORIZATION regress_red;
CREATE SCHEMA blue AUTHORIZATION regress_blue;
GRANT USAGE ON SCHEMA shop TO regress_red, regress_blue;
-- profiles of red are below 1000, those of blue above; blue has twice as many
CREATE TABLE shop.events AS
    SELECT 'regress_red'::name AS tenant, p AS profile, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        (p * 31 + d * 17) % 10 AS amount
    FROM generate_series(1, 150) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
INSERT INTO shop.events
    SELECT 'regress_blue', p + 1000, timestamptz '2025-01-01' + (d * 24 + p % 19) * interval '1 hour', (p * 37 + d * 11) % 10
    FROM generate_series(1, 300) p, generate_series(0, 240, 4) d WHERE (p * 17 + d * 5) % 13 < 3 + p % 7;
CREATE TABLE shop.profiles AS SELECT DISTINCT tenant, profile, profile % 4 AS grade FROM shop.events;
CREATE TABLE shop.more AS SELECT * FROM shop.events WHERE amount = 1;
CREATE TABLE shop.known AS SELECT tenant, profile, timestamptz '2025-06-01' AS cutoff, profile % 3 = 0 AS label FROM shop.profiles;
ALTER TABLE shop.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.more ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.known ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON shop.events USING (tenant = current_user);
CREATE POLICY tenant ON shop.profiles USING (tenant = current_user);
CREATE POLICY tenant ON shop.more USING (tenant = current_user);
CREATE POLICY tenant ON shop.known USING (tenant = current_user);
GRANT SELECT ON shop.events, shop.profiles, shop.more, shop.known TO regress_red, regress_blue;

SET client_min_messages = error;
SET ROLE regress_red;
SELECT customer_ai.create_model('red', 'shop.events', 'amount > 6', '30 days', 'profile', 'at',
    options => '{"scores": "red.scores", "algorithm": "logistic", "ignore": ["tenant"]}');
SELECT customer_ai.add_profiles('red', 'shop.profiles', 'profile', ARRAY['grade']);
SET ROLE regress_blue;
SELECT customer_ai.create_model('blue', 'shop.events', 'amount > 6', '30 days', 'profile', 'at',
    options => '{"scores": "blue.scores", "algorithm": "logistic", "ignore": ["tenant"]}');
RESET ROLE;

-- a superuser trains and scores both: each from its owner's rows alone
SELECT examples > 0 AS trained FROM customer_ai.train('red');
SELECT examples > 0 AS trained FROM customer_ai.train('blue');
SELECT profiles > 0 AS scored FROM customer_ai.score('red');
SELECT profiles > 0 AS scored FROM customer_ai.score('blue');
SELECT max(profile) < 1000 AS only_red FROM red.scores;
SELECT min(profile) > 1000 AS only_blue FROM blue.scores;
SELECT bool_and(profile::int < 1000) AS only_red FROM customer_ai.features('red');
SELECT bool_and((detail ->> 'events')::bigint = (SELECT count(*) FROM shop.events WHERE tenant = 'regress_red')) AS only_red
    FROM customer_ai.runs WHERE model = 'red';
SELECT bool_and((detail ->> 'events')::bigint = (SELECT count(*) FROM shop.events WHERE tenant = 'regress_blue')) AS only_blue
    FROM customer_ai.runs WHERE model = 'blue';
SELECT actual = (SELECT count(*)::text FROM shop.events WHERE tenant = 'regress_red') AS only_red
    FROM customer_ai.check_model('red') WHERE "check" = 'events';
SELECT count(*) FROM customer_ai.predict('red', '1007');
SELECT count(*) FROM customer_ai.explain('blue', '7');
SELECT examples = (SELECT count(*) FROM shop.known WHERE tenant = 'regress_red') AS only_red
    FROM customer_ai.train('red', examples => 'shop.known', activate => 'never');
SELECT test_profiles <= 150 AS only_red FROM customer_ai.backtest('red', ARRAY[timestamptz '2025-06-01']);
SELECT customer_ai.create_segment('red.some', 'red', 'grade >= 0') IS NOT NULL AS segment;
SELECT max(profile) < 1000 AS only_red FROM red.some;

-- Every function that takes a model or a segment, with a value for each argument that needs one: as the owner, and with
-- row_security = off, where it is 42501 for what reads a table with policies. What it does is undone.
CREATE FUNCTION pg_temp.called(function oid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    given jsonb := '{"model": "''red''", "segment": "''red.some''", "profile": "''7''", "cutoffs": "ARRAY[timestamptz ''2025-06-01'']",
        "condition": "''grade >= 0''", "owner": "''regress_red''", "profiles": "''shop.profiles''", "events": "''shop.events''",
        "goal": "''true''", "outcome_window": "''30 days''", "examples": "''shop.known''", "version": "1", "label": "''old''",
        "new_name": "''other''", "new_model": "''other''", "name": "''large''", "document": "customer_ai.export_model(''red'')",
        "other": "''red.some''", "schedule": "''0 3 * * *''", "cost": "1", "gain": "5",
        "factor": "(SELECT factor FROM customer_ai.importance(''red'') LIMIT 1)"}';
    own jsonb := '{"create_model": {"model": "''new''", "profile_column": "''profile''", "time_column": "''at''",
            "options": "''{\"scores\": \"red.new\"}''"}, "create_segment": {"segment": "''red.new''"}, "alter_segment": {"new_name": "''red.other''"},
        "describe_column": {"column_name": "''event''", "value": "''view''"}, "add_event_definition": {"condition": "''true''"}, "import_model": {"model": "''imported''"},
        "add_events": {"events": "''shop.more''", "profile_column": "''profile''", "time_column": "''at''"}}';
    name text; arguments text; row_count bigint;
BEGIN
    SELECT p.proname INTO name FROM pg_proc p WHERE p.oid = function;
    given := given || coalesce(own -> name, '{}');
    SELECT string_agg(format('%s => %s', a.name, given ->> a.name), ', ' ORDER BY a.n) INTO arguments
    FROM pg_proc p, unnest(p.proargnames[1:p.pronargs]) WITH ORDINALITY a (name, n)
    WHERE p.oid = function AND (given ? a.name OR a.n <= p.pronargs - p.pronargdefaults);
    EXECUTE format('SELECT count(*) FROM customer_ai.%I(%s)', name, arguments) INTO row_count;
    RAISE EXCEPTION USING ERRCODE = 'UNDO1';
EXCEPTION
    WHEN SQLSTATE 'UNDO1' THEN RETURN 'done';
    WHEN OTHERS THEN RETURN sqlstate;
END $$;
GRANT EXECUTE ON FUNCTION pg_temp.called TO PUBLIC;
CREATE TEMP TABLE surface AS
    SELECT p.oid, p.proname FROM pg_proc p
    WHERE p.pronamespace = 'customer_ai'::regnamespace AND p.prokind = 'f'
        AND p.proargnames[1:p.pronargs] && ARRAY['model', 'segment'];
GRANT SELECT ON surface TO PUBLIC;
SET ROLE regress_red;
CREATE TEMP TABLE held AS SELECT proname, pg_temp.called(oid) AS policies FROM surface;
SET row_security = off;
SELECT h.proname AS function, h.policies, pg_temp.called(s.oid) AS row_security_off
FROM surface s JOIN held h USING (proname) ORDER BY 1;
RESET row_security;

-- a superuser, for whom no policy counts, does not lend that
RESET ROLE;
SET row_security = off;
SELECT count(*) FROM customer_ai.predict('red', '7');
SELECT customer_ai.score('red');
RESET row_security;
-- nor one who may bypass policies
ALTER ROLE regress_blue BYPASSRLS;
GRANT regress_red TO regress_blue;
SET ROLE regress_blue;
SELECT bool_and(profile::int < 1000) AS only_red FROM customer_ai.features('red');
SELECT count(*) FROM customer_ai.predict('red', '1007');
RESET ROLE;
SELECT customer_ai.drop_model('red'), customer_ai.drop_model('blue');
DROP TABLE held;
DROP SCHEMA shop, red, blue CASCADE;
DROP ROLE regress_red, regress_blue;
