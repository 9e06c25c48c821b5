-- What must hold for everything the extension creates: no row must come back from any of these.
CREATE VIEW member AS
SELECT d.classid, d.objid, e.oid AS extension, e.extconfig
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'customer_ai' AND d.deptype = 'e';

-- Functions: run with the caller's rights, have an explicit ACL, do not take internal arguments unless an aggregate
-- or a type of ours consists of them, and label what is volatile as unsafe to run in parallel.
SELECT p.oid::regprocedure AS function
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.prosecdef OR p.proleakproof OR p.proacl IS NULL
    OR ((p.prorettype = 'internal'::regtype OR 'internal'::regtype = ANY (p.proargtypes::oid[]))
        AND NOT EXISTS (SELECT FROM pg_type t WHERE t.typreceive = p.oid)
        AND NOT EXISTS (SELECT FROM pg_aggregate a
            WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn)))
    OR (p.provolatile = 'v' AND p.proparallel <> 'u')
ORDER BY 1;

-- The parts of aggregates and types are not for everybody to call or to build with; everything else is.
SELECT p.oid::regprocedure AS function, part
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_aggregate a
        WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
    OR EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend))) AS parts (part)
WHERE part = EXISTS (SELECT FROM aclexplode(p.proacl) WHERE grantee = 0 AND privilege_type = 'EXECUTE')
ORDER BY 1;

-- A name means one function.
SELECT p.proname, count(*)
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
GROUP BY 1
HAVING count(*) > 1
ORDER BY 1;

-- Functions that write pin their search_path, with pg_temp last, and are not strict: NULL deserves a message. Those that
-- take conditions pin it within: a SET clause would hide the caller's search_path, in which names are looked up
-- (hostile_path has the proof that nothing else is).
SELECT p.oid::regprocedure AS writer
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.provolatile = 'v' AND p.prokind = 'f' AND p.pronamespace = 'customer_ai'::regnamespace
    AND (p.proisstrict OR p.proname NOT IN ('create_model', 'alter_model', 'add_events', 'alter_events',
            'add_event_definition', 'import_model', 'create_segment', 'alter_segment')
        AND (p.proconfig IS NULL OR p.proconfig::text NOT LIKE '%pg_catalog, pg_temp%'))
ORDER BY 1;

-- Tables have a primary key and say whose each row is, which is asked whenever a row comes in; nothing has a foreign key
-- (a parallel restore fills tables in any order), row-level security (the owner of a database could not dump them) or a rule.
-- They and their sequences are dumped with their rows.
SELECT c.oid::regclass AS "table"
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p')
    AND (c.relrowsecurity OR c.relhasrules
        OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
        OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f')
        OR NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'owner' AND a.attnotnull)
        OR NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype = 7 AND t.tgenabled = 'A'
            AND t.tgfoid = 'customer_ai_internal.own_row'::regproc))
ORDER BY 1;

-- What belongs to a model goes with it: there are no foreign keys that would see to that.
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at, p % 2 = n % 2 AS odd
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE grade AS SELECT DISTINCT profile, profile % 3 AS grade FROM visit;
SET client_min_messages = error;
SELECT customer_ai.create_model('whole', 'visit', 'odd', '14 days', 'profile', 'at', options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_profiles('whole', 'grade', 'profile');
SELECT customer_ai.add_event_definition('whole', 'Odd one', 'odd');
SELECT version FROM customer_ai.train('whole');
SELECT profiles > 0 AS scored FROM customer_ai.score('whole');
SELECT customer_ai.create_segment('public.part', 'whole', 'grade = 1');
UPDATE grade SET grade = 1 WHERE profile % 3 = 2;
SELECT customer_ai.refresh_segment('public.part') > 0 AS refreshed;
SELECT customer_ai_internal.note_failure('whole', 'train', '57014', 'cancelled') > 0 AS noted;
RESET client_min_messages;
CREATE FUNCTION rows_of(models bigint[]) RETURNS TABLE (of regclass, count bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR of IN SELECT a.attrelid FROM pg_attribute a JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = a.attrelid
        JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' WHERE a.attname = 'model_id' ORDER BY a.attrelid::regclass::text
    LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE model_id = ANY ($1)', of) INTO count USING models;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT array_agg(id) AS models FROM customer_ai.model WHERE name = 'whole' \gset
SELECT of, count > 0 AS "some" FROM rows_of(:'models');
SELECT customer_ai.drop_model('whole');
SELECT of FROM rows_of(:'models') WHERE count > 0;
DROP FUNCTION rows_of;
DROP TABLE visit, grade;

-- Rights: everybody may SELECT from the views and from nothing else; the owner of the database may dump and restore.
SELECT c.oid::regclass AS relation, coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') AS grantee, a.privilege_type
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
CROSS JOIN aclexplode(c.relacl) a
WHERE a.grantee <> c.relowner
    AND NOT (c.relkind = 'v' AND a.grantee = 0 AND a.privilege_type = 'SELECT')
    AND NOT (c.relkind = 'r' AND a.grantee = 'pg_database_owner'::regrole AND a.privilege_type IN ('SELECT', 'INSERT'))
    AND NOT (c.relkind = 'S' AND a.grantee = 'pg_database_owner'::regrole AND a.privilege_type IN ('SELECT', 'UPDATE'))
    OR a.is_grantable AND a.grantee <> c.relowner
ORDER BY 1, 2, 3;
SELECT a.attrelid::regclass AS relation, a.attname
FROM pg_attribute a
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = a.attrelid
WHERE a.attacl IS NOT NULL
ORDER BY 1, 2;

-- Views hide rows from functions of their readers before they are asked whose they are.
SELECT c.oid::regclass AS "view"
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}') && '{security_barrier,security_barrier=true}'
ORDER BY 1;

SELECT c.oid::regclass AS not_dumped
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p', 'S') AND NOT c.oid = ANY (coalesce(m.extconfig, '{}'))
ORDER BY 1;

-- Both schemas are part of the extension, and nothing lives in them that is not.
SELECT objid::regnamespace AS schema FROM member WHERE classid = 'pg_namespace'::regclass ORDER BY 1;
SELECT c.oid::regclass AS stray
FROM pg_class c
WHERE c.relnamespace IN ('customer_ai'::regnamespace, 'customer_ai_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
ORDER BY 1;

-- The schema for people has functions and procedures and nothing else to call: no aggregate, no trigger, no part of a type.
SELECT p.oid::regprocedure AS internal
FROM pg_proc p
WHERE p.pronamespace = 'customer_ai'::regnamespace
    AND (p.prokind NOT IN ('f', 'p') OR p.proname ~ '^_' OR p.prorettype IN ('trigger'::regtype, 'internal'::regtype))
ORDER BY 1;
DROP VIEW member;
