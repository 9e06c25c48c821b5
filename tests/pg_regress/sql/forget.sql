-- forget removes a person from every run and segment of the caller's models, and nobody else.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA gone;
CREATE FUNCTION gone.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE gone.source AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN gone.draw(p || '/' || d) < 0.2 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 80) p, generate_series(0, 80) d WHERE gone.draw(d || '-' || p) < (1 + p % 10) / 30.0;
-- keys of three kinds: numbers, numbers as texts that have to be quoted, texts of which one begins another
CREATE TABLE gone.visit AS SELECT * FROM gone.source;
CREATE TABLE gone.quoted AS SELECT 'it''s ' || profile AS profile, at, kind FROM gone.source;
CREATE TABLE gone.short AS SELECT ('customer' || lpad(profile::text, 2, '0'))::varchar(10) AS profile, at, kind FROM gone.source;
CREATE ROLE regress_gone;
GRANT ALL ON SCHEMA gone TO regress_gone;
GRANT SELECT ON gone.visit TO regress_gone;
CREATE PROCEDURE gone.make(model text, events regclass) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model(model, events, $g$ kind = 'buy' $g$, '14 days', 'profile', 'at', 'kind',
        eligible_window => NULL, options => '{"algorithm": "logistic", "allow_small": true}');
    PERFORM customer_ai.train(model);
    PERFORM customer_ai.score(model), customer_ai.score(model);
END $$;
GRANT EXECUTE ON PROCEDURE gone.make TO regress_gone;
CALL gone.make('gone_visit', 'gone.visit');
CALL gone.make('gone_quoted', 'gone.quoted');
CALL gone.make('gone_short', 'gone.short');
SET ROLE regress_gone;
CALL gone.make('gone_theirs', 'gone.visit');
SELECT customer_ai.create_segment('gone.theirs', 'gone_theirs', 'true');
RESET ROLE;
SELECT customer_ai.create_segment('gone.everybody', 'gone_visit', 'true'), customer_ai.create_segment('gone.nobody', 'gone_visit', 'false'),
    customer_ai.create_segment('gone.empty', 'gone_visit', 'true');
REFRESH MATERIALIZED VIEW gone.empty WITH NO DATA;
CREATE FUNCTION gone.left() RETURNS TABLE (runs bigint, rows bigint, of_7 bigint, shown bigint, in_segment bigint, theirs bigint) LANGUAGE sql AS
    $$ SELECT count(DISTINCT run), count(*), count(*) FILTER (WHERE profile = 7),
        (SELECT count(*) FROM gone.gone_visit_scores), (SELECT count(*) FROM gone.everybody),
        (SELECT count(*) FROM gone.gone_theirs_score_history WHERE profile = 7) FROM gone.gone_visit_score_history $$;
SELECT * FROM gone.left();

-- of one model
SELECT * FROM customer_ai.forget('gone_visit', '7');
SELECT * FROM gone.left();
SELECT * FROM customer_ai.forget('gone_visit', '7');
-- the key as its column has it: a number
SELECT * FROM customer_ai.forget('gone_visit', 7);
SELECT * FROM customer_ai.forget('gone_visit', 70::bigint);
SELECT relispopulated FROM pg_class WHERE oid = 'gone.empty'::regclass;
SELECT * FROM customer_ai.forget('gone_quoted', 'it''s 7');
SELECT count(*) FROM gone.gone_quoted_score_history WHERE profile = 'it''s 7';
-- a longer key is nobody else's
SELECT * FROM customer_ai.forget('gone_short', 'customer071');
SELECT * FROM customer_ai.forget('gone_short', 'customer07');
SELECT count(DISTINCT profile) FROM gone.gone_short_score_history;
-- of all models of the caller: a member of no other role sees the own ones only, a superuser all
SET ROLE regress_gone;
SELECT * FROM customer_ai.forget(profile => '8');
SELECT * FROM customer_ai.forget('gone_visit', '8');
RESET ROLE;
SELECT * FROM customer_ai.forget(profile => '8') WHERE model LIKE 'gone%';
SELECT * FROM customer_ai.forget(profile => 'it''s 9') WHERE model LIKE 'gone%';
-- an old run that was renamed, a history that was
ALTER TABLE gone.gone_visit_score_history RENAME TO renamed;
SELECT * FROM customer_ai.forget('gone_visit', '10');
ALTER TABLE gone.renamed RENAME TO gone_visit_score_history;
-- the events may be gone already
DELETE FROM gone.visit WHERE profile = 11;
SELECT profiles FROM customer_ai.score('gone_visit');
SELECT * FROM customer_ai.forget('gone_visit', '11');
ALTER TABLE gone.visit RENAME TO elsewhere;
SELECT * FROM customer_ai.forget('gone_visit', '12');
ALTER TABLE gone.elsewhere RENAME TO visit;

-- all or nothing: where something cannot be removed, that is said, and nothing is
ALTER TABLE gone.gone_theirs_score_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE regress_gone;
SELECT * FROM customer_ai.forget('gone_theirs', '13');
ALTER TABLE gone.gone_theirs_score_history NO FORCE ROW LEVEL SECURITY;
SELECT * FROM customer_ai.forget('gone_theirs', '13');
RESET ROLE;
CREATE FUNCTION gone.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
SELECT customer_ai.create_segment('gone.fails', 'gone_visit', 'gone.today(score)');
CREATE OR REPLACE FUNCTION gone.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
SELECT * FROM customer_ai.forget('gone_visit', '14');
SELECT count(*) FROM gone.gone_visit_score_history WHERE profile = 14;
SELECT customer_ai.drop_segment('gone.fails');

-- mistakes
SELECT * FROM customer_ai.forget('gone_visit', 'seven');
SELECT * FROM customer_ai.forget('gone_visit');
SELECT * FROM customer_ai.forget('gone_nowhere', '7');
SELECT * FROM customer_ai.forget('gone_visit', '');
BEGIN TRANSACTION READ ONLY;
SELECT * FROM customer_ai.forget('gone_visit', '7');
ROLLBACK;
-- before the first scoring
SELECT customer_ai.create_model('gone_new', 'gone.visit', 'true', '14 days', 'profile', 'at', 'kind');
SELECT * FROM customer_ai.forget('gone_new', '7');
SELECT count(customer_ai.drop_model(model)) AS dropped FROM customer_ai.models WHERE model LIKE 'gone%';
DROP SCHEMA gone CASCADE;
DROP ROLE regress_gone;
