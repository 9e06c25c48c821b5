-- Every function, type, view and table of the extension has a comment, and every column that people read: no row must come back.
SELECT pg_describe_object(d.classid, d.objid, 0) AS undocumented
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE e.extname = 'customer_ai' AND d.deptype = 'e'
    AND d.classid IN ('pg_proc'::regclass, 'pg_class'::regclass, 'pg_type'::regclass)
    AND obj_description(d.objid, d.classid::regclass::name) IS NULL
    AND NOT EXISTS (SELECT FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
        AND c.relkind NOT IN ('r', 'p', 'v', 'm'))
    -- Row types and arrays, which are members since PostgreSQL 18.
    AND NOT EXISTS (SELECT FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid
        AND (t.typrelid <> 0 OR t.typcategory = 'A'))
ORDER BY 1;
SELECT format('%s.%I', a.attrelid::regclass, a.attname) AS undocumented
FROM pg_depend d
JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid AND c.relkind IN ('r', 'p', 'v', 'm')
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE e.extname = 'customer_ai' AND d.deptype = 'e' AND c.relnamespace = 'customer_ai'::regnamespace
    AND col_description(c.oid, a.attnum) IS NULL
ORDER BY 1;
