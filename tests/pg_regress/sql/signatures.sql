-- Every function that \df customer_ai.* lists, with its labels, and every column of every view: what users may rely on.
-- A change here is a change of the interface and belongs in CHANGELOG.md.
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s(%s)\n  returns %s\n  %s, parallel %s%s', p.proname,
    replace(pg_get_function_arguments(p.oid), ', ', E',\n    '),
    replace(pg_get_function_result(p.oid), ', ', E',\n    '),
    CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
    CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
    CASE WHEN p.proisstrict THEN ', strict' END)
FROM pg_proc p
WHERE p.pronamespace = 'customer_ai'::regnamespace
ORDER BY p.proname COLLATE "C";

SELECT format('%s: %s', c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), E',\n    ' ORDER BY a.attnum))
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'customer_ai'::regnamespace AND c.relkind = 'v'
GROUP BY c.relname ORDER BY c.relname COLLATE "C";

-- What servers ask one another: those of another version must find the same.
SELECT p.oid::regprocedure AS aggregate, format_type(p.prorettype, NULL) AS result
FROM pg_proc p
WHERE p.pronamespace = 'customer_ai_internal'::regnamespace AND p.prokind = 'a'
ORDER BY p.proname COLLATE "C";
