-- A history that somebody moved into a table space stays together: each new run goes there, and its index.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'UTC';
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE space_of_history LOCATION '';
CREATE TABLESPACE "Space of runs" LOCATION '';
CREATE TABLE act AS SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) AS at
FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('act', 'public.act', 'true', '10 days', options => '{"algorithm": "logistic", "keep_runs": 9}');
SELECT version FROM customer_ai.train('act');
CREATE FUNCTION spaces() RETURNS TABLE (run bigint, of_run text, of_index text) LANGUAGE sql AS $$
    SELECT row_number() OVER (ORDER BY c.oid), coalesce(s.spcname, 'default'), coalesce(t.spcname, 'default')
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    JOIN pg_index x ON x.indrelid = c.oid JOIN pg_class y ON y.oid = x.indexrelid LEFT JOIN pg_tablespace t ON t.oid = y.reltablespace
    WHERE i.inhparent = to_regclass('act_score_history') ORDER BY 1 $$;
SELECT profiles FROM customer_ai.score('act');
SELECT * FROM spaces();
-- The newest run was moved, with its index: the next goes beside it.
DO $$ DECLARE run regclass; BEGIN
    FOR run IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'act_score_history'::regclass LOOP
        EXECUTE format('ALTER TABLE %s SET TABLESPACE "Space of runs"', run);
        EXECUTE format('ALTER INDEX %s SET TABLESPACE space_of_history', (SELECT indexrelid::regclass FROM pg_index WHERE indrelid = run));
    END LOOP;
END $$;
SELECT profiles FROM customer_ai.score('act');
SELECT * FROM spaces();
-- The history says where its runs go, whatever was done to the newest.
ALTER TABLE act_score_history SET TABLESPACE space_of_history;
SELECT profiles FROM customer_ai.score('act');
SELECT * FROM spaces();
-- Without the right to create there a run goes where it may: scoring does not fail.
CREATE ROLE space_owner;
GRANT SELECT ON act TO space_owner;
GRANT CREATE ON SCHEMA public TO space_owner;
SET ROLE space_owner;
SELECT customer_ai.create_model('owned', 'public.act', 'true', '10 days', options => '{"algorithm": "logistic", "scores": "act_owned"}');
SELECT version FROM customer_ai.train('owned');
SELECT profiles FROM customer_ai.score('owned');
RESET ROLE;
ALTER TABLE act_owned_history SET TABLESPACE space_of_history;
SET ROLE space_owner;
SELECT profiles FROM customer_ai.score('owned');
RESET ROLE;
SELECT count(*) AS runs, count(*) FILTER (WHERE c.reltablespace = 0) AS in_default
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'act_owned_history'::regclass;
-- A segment that is made again, because the profiles have another type, stays where it and its index were.
SELECT customer_ai.create_segment('public.regulars', 'act', 'score >= 0') IS NOT NULL AS made;
CREATE VIEW segment_spaces AS SELECT c.relkind, coalesce(s.spcname, 'default') AS space, obj_description(c.oid, 'pg_class') = 'whose' AS commented
FROM pg_class c LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE c.relname LIKE 'regulars%' ORDER BY 1;
ALTER MATERIALIZED VIEW regulars SET TABLESPACE "Space of runs";
DO $$ BEGIN
    EXECUTE (SELECT format('ALTER INDEX %1$s SET TABLESPACE space_of_history; COMMENT ON INDEX %1$s IS $c$whose$c$', indexrelid::regclass)
        FROM pg_index WHERE indrelid = 'regulars'::regclass);
END $$;
TABLE segment_spaces;
ALTER TABLE act ALTER profile TYPE bigint;
SELECT profiles FROM customer_ai.score('act');
SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'regulars'::regclass AND attname = 'profile';
TABLE segment_spaces;
DROP VIEW segment_spaces;
SELECT customer_ai.drop_segment('public.regulars');
SELECT customer_ai.drop_model(model) FROM unnest(ARRAY['act', 'owned']) model;
DROP FUNCTION spaces;
DROP TABLE act;
REVOKE CREATE ON SCHEMA public FROM space_owner;
DROP ROLE space_owner;
DROP TABLESPACE space_of_history;
DROP TABLESPACE "Space of runs";
