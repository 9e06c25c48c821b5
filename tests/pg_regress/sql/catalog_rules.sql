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

-- A name means one function.
SELECT p.proname, count(*)
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
GROUP BY 1
HAVING count(*) > 1
ORDER BY 1;

-- Functions that write pin their search_path, with pg_temp last, and are not strict: NULL deserves a message.
SELECT p.oid::regprocedure AS writer
FROM pg_proc p
JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
WHERE p.provolatile = 'v' AND p.prokind = 'f' AND p.proname !~ '^_'
    AND (p.proisstrict OR p.proconfig IS NULL OR p.proconfig::text NOT LIKE '%pg_catalog, pg_temp%')
ORDER BY 1;

-- Tables have a primary key and row-level security; they and their sequences are dumped with their rows.
SELECT c.oid::regclass AS "table"
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p')
    AND (NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
ORDER BY 1;

SELECT c.oid::regclass AS not_dumped
FROM pg_class c
JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid
WHERE c.relkind IN ('r', 'p', 'S') AND NOT c.oid = ANY (coalesce(m.extconfig, '{}'))
ORDER BY 1;

-- Nothing lives in the schema that is not part of the extension.
SELECT c.oid::regclass AS stray
FROM pg_class c
WHERE c.relnamespace = 'customer_ai'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
ORDER BY 1;
DROP VIEW member;
