-- The first part of customer_ai--0.1.0--VERSION.sql; the whole installation follows, then after.sql (tools/update_script).
-- So what an update leaves is what CREATE EXTENSION makes. The rows, counters and rights of 0.1.0 wait in a schema of their own.
-- has_factor stays as it is: segments call it.
SET LOCAL search_path TO pg_catalog, pg_temp;

DO $$
DECLARE
    owner name := (SELECT pg_get_userbyid(e.extowner) FROM pg_extension e WHERE e.extname = 'customer_ai');
BEGIN
    IF owner <> current_user THEN
        RAISE EXCEPTION 'extension "customer_ai" belongs to role "%"', owner
            USING ERRCODE = 'insufficient_privilege',
                DETAIL = format('Found role "%s", whose the new tables and functions would be.', current_user),
                HINT = format('Run SET ROLE %I before ALTER EXTENSION customer_ai UPDATE.', owner);
    END IF;
END $$;

CREATE SCHEMA customer_ai_update;
CREATE TABLE customer_ai_update.model AS TABLE customer_ai.model;
CREATE TABLE customer_ai_update.event_source AS TABLE customer_ai.event_source;
CREATE TABLE customer_ai_update.profile_source AS TABLE customer_ai.profile_source;
CREATE TABLE customer_ai_update.version AS TABLE customer_ai.version;
CREATE TABLE customer_ai_update.run AS TABLE customer_ai.run;
CREATE TABLE customer_ai_update.segment AS TABLE customer_ai.segment;
CREATE TABLE customer_ai_update.definition AS TABLE customer_ai._definition;
CREATE TABLE customer_ai_update.counter AS
    SELECT s.name, c.last_value, c.is_called
    FROM (SELECT 'model_id_seq' AS name, m.* FROM customer_ai.model_id_seq m
        UNION ALL SELECT 'event_source_id_seq', e.* FROM customer_ai.event_source_id_seq e
        UNION ALL SELECT 'profile_source_id_seq', p.* FROM customer_ai.profile_source_id_seq p
        UNION ALL SELECT 'version_id_seq', v.* FROM customer_ai.version_id_seq v
        UNION ALL SELECT 'run_id_seq', r.* FROM customer_ai.run_id_seq r
        UNION ALL SELECT 'segment_id_seq', s.* FROM customer_ai.segment_id_seq s) c (name, last_value, log_cnt, is_called),
    LATERAL (SELECT c.name) s;

-- What somebody granted or revoked, beyond what 0.1.0 itself did. By name: no function of ours has a namesake.
CREATE TABLE customer_ai_update.rights AS
SELECT o.kind, o.name, o.acl
FROM (
    SELECT 'SCHEMA' AS kind, n.nspname::text AS name, 'pg_namespace'::regclass AS class, n.oid, n.nspacl AS acl,
        acldefault('n', n.nspowner) AS unset
    FROM pg_namespace n
    UNION ALL
    SELECT 'TABLE', format('%I.%I', c.relnamespace::regnamespace, c.relname), 'pg_class'::regclass, c.oid, c.relacl,
        acldefault('r', c.relowner)
    FROM pg_class c WHERE c.relkind IN ('r', 'v')
    UNION ALL
    SELECT 'FUNCTION', format('%I.%I', p.pronamespace::regnamespace, p.proname), 'pg_proc'::regclass, p.oid, p.proacl,
        acldefault('f', p.proowner)
    FROM pg_proc p) o
JOIN pg_depend d ON d.classid = o.class AND d.objid = o.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_ai'
LEFT JOIN pg_init_privs i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = 0
WHERE coalesce(o.acl, o.unset) <> coalesce(i.initprivs, o.unset);

DO $$
DECLARE
    was record;
    others text;
BEGIN
    SELECT string_agg(m.name, ', ') FILTER (WHERE m.kind = 'v') AS views,
        string_agg(m.name, ', ') FILTER (WHERE m.kind = 'r') AS tables,
        string_agg(m.name, ', ') FILTER (WHERE m.kind = 'a') AS aggregates,
        string_agg(m.name, ', ') FILTER (WHERE m.kind = 't') AS types
    INTO was
    FROM (
        SELECT c.relkind::text AS kind, c.oid::regclass::text AS name, c.oid, 'pg_class'::regclass AS class
        FROM pg_class c WHERE c.relkind IN ('r', 'v') AND c.relnamespace <> 'customer_ai_update'::regnamespace
        UNION ALL
        SELECT p.prokind::text, p.oid::regprocedure::text, p.oid, 'pg_proc'::regclass FROM pg_proc p WHERE p.prokind = 'a'
        UNION ALL
        SELECT 't', t.oid::regtype::text, t.oid, 'pg_type'::regclass FROM pg_type t WHERE t.typtype = 'b') m
    JOIN pg_depend d ON d.classid = m.class AND d.objid = m.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_ai';
    EXECUTE format('DROP VIEW %s', was.views);
    -- A table that goes from the extension first is no longer in what a dump takes of it.
    EXECUTE (SELECT string_agg(format('ALTER EXTENSION customer_ai DROP %s customer_ai.%I;',
            CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname), ' ' ORDER BY c.relkind DESC)
        FROM pg_class c WHERE c.relnamespace = 'customer_ai'::regnamespace AND c.relkind IN ('S', 'r'));
    EXECUTE format('DROP TABLE %s', was.tables);
    EXECUTE format('DROP AGGREGATE %s', was.aggregates);
    EXECUTE format('DROP TYPE %s CASCADE', was.types);
    EXECUTE (SELECT format('DROP FUNCTION %s', string_agg(p.oid::regprocedure::text, ', '))
        FROM pg_proc p
        JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_extension'::regclass
            AND d.deptype = 'e'
        JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'customer_ai'
        WHERE p.proname <> 'has_factor');
EXCEPTION WHEN dependent_objects_still_exist THEN
    GET STACKED DIAGNOSTICS others = PG_EXCEPTION_DETAIL;
    RAISE EXCEPTION 'others depend on what an update of customer_ai replaces'
        USING ERRCODE = 'dependent_objects_still_exist',
            DETAIL = others,
            HINT = 'Keep their definitions (pg_get_viewdef shows that of a view), drop them, run ALTER EXTENSION customer_ai UPDATE, and create them again.';
END $$;
