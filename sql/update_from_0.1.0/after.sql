-- The last part of an update from 0.1.0: the rows come back as they were, with what 0.1.0 did not keep of them.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- No trigger: nobody has done anything to a model, and what was noted of OIDs is still good here.
CREATE TABLE customer_ai_update.trigger AS
    SELECT t.tgrelid::regclass AS relation, t.tgname AS name, t.tgenabled = 'A' AS always
    FROM pg_trigger t WHERE t.tgrelid::regclass::text LIKE 'customer\_ai.%' AND NOT t.tgisinternal;
DO $$
BEGIN
    EXECUTE (SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER %I;', relation, name), ' ') FROM customer_ai_update.trigger);
END $$;

-- Columns have the names they had; those that are new have a default, or are said here.
DO $$
DECLARE
    name text;
    columns text;
BEGIN
    FOREACH name IN ARRAY ARRAY['model', 'event_source', 'profile_source', 'version', 'run'] LOOP
        columns := (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute a
            WHERE a.attrelid = ('customer_ai_update.' || name)::regclass AND a.attnum > 0 AND NOT a.attisdropped);
        EXECUTE format('INSERT INTO customer_ai.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM customer_ai_update.%1$I', name, columns);
    END LOOP;
END $$;
-- 0.1.0 kept a condition as it was written. With its names qualified it stands in the segment itself.
INSERT INTO customer_ai.segment (id, model_id, owner, schema_name, segment_name, relation_oid, place, condition, condition_sql,
    description, created_at, refreshed_at, profiles)
OVERRIDING SYSTEM VALUE
SELECT s.id, s.model_id, s.owner, s.schema_name, s.segment_name, s.relation_oid, s.place, s.condition,
    coalesce((SELECT substring(pg_get_viewdef(c.oid) FROM E'\\) e\n +WHERE (.*);$')
        FROM pg_class c WHERE c.oid = to_regclass(format('%I.%I', s.schema_name, s.segment_name)) AND c.relkind = 'm'), s.condition),
    s.description, s.created_at, s.refreshed_at, s.profiles
FROM customer_ai_update.segment s;

-- A version knows of which definition it is. What 0.1.0 left out of that is taken to have been as it is.
UPDATE customer_ai.version v SET definition = now_is.definition
FROM customer_ai_update.definition was, customer_ai_internal.definition now_is
WHERE was.model_id = v.model_id AND was.definition = v.definition AND now_is.model_id = v.model_id;

-- A run knows the base rate that its scores are relative to, also when its version is gone.
UPDATE customer_ai.run r SET detail = r.detail || jsonb_build_object('base_rate', v.report -> 'base_rate')
FROM customer_ai.version v
WHERE r.kind = 'score' AND v.model_id = r.model_id AND v.owner = r.owner AND v.number = r.version;

DO $$
BEGIN
    EXECUTE (SELECT string_agg(format('ALTER TABLE %s ENABLE %s TRIGGER %I;', relation, CASE WHEN always THEN 'ALWAYS' END, name), ' ')
        FROM customer_ai_update.trigger);
    PERFORM setval(format('customer_ai.%I', c.name)::regclass, c.last_value, c.is_called) FROM customer_ai_update.counter c;
END $$;

-- What somebody granted or revoked holds again, as far as there is still what it is about. It is put down as theirs, not as
-- the extension's own, which no dump would have.
DO $$
DECLARE
    was record;
    object oid;
    class regclass;
    given record;
    ours aclitem[];
BEGIN
    FOR was IN SELECT * FROM customer_ai_update.rights LOOP
        IF was.kind = 'SCHEMA' THEN
            object := to_regnamespace(was.name);
            class := 'pg_namespace';
        ELSIF was.kind = 'TABLE' THEN
            object := to_regclass(was.name);
            class := 'pg_class';
        ELSE
            object := to_regproc(was.name);
            class := 'pg_proc';
        END IF;
        IF object IS NULL THEN
            RAISE WARNING 'rights on % "%" are not kept', lower(was.kind), was.name
                USING DETAIL = 'It is not part of this version any more.';
            CONTINUE;
        END IF;
        ours := (SELECT i.initprivs FROM pg_init_privs i WHERE i.classoid = class AND i.objoid = object AND i.objsubid = 0);
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC', was.kind, was.name);
        FOR given IN
            SELECT CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(g.grantee)) END AS role,
                string_agg(DISTINCT g.privilege_type, ', ') AS privileges, g.is_grantable
            FROM aclexplode(was.acl) g WHERE g.grantee <> g.grantor OR g.grantee = 0 GROUP BY g.grantee, g.is_grantable
        LOOP
            EXECUTE format('GRANT %s ON %s %s TO %s%s', given.privileges, was.kind, was.name, given.role,
                CASE WHEN given.is_grantable THEN ' WITH GRANT OPTION' END);
        END LOOP;
        DELETE FROM pg_init_privs i WHERE i.classoid = class AND i.objoid = object AND i.objsubid = 0 AND ours IS NULL;
        UPDATE pg_init_privs i SET initprivs = ours WHERE i.classoid = class AND i.objoid = object AND i.objsubid = 0;
    END LOOP;
END $$;

DROP SCHEMA customer_ai_update CASCADE;
