-- CREATE EXTENSION refuses a database that it could not work in, and takes over nothing that is already there.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE ROLE regress_squatter;
CREATE DATABASE regress_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE regress_install TEMPLATE template0;
SELECT current_database() AS here \gset
\c regress_latin1
CREATE EXTENSION customer_ai;

\c regress_install
CREATE SCHEMA customer_ai AUTHORIZATION regress_squatter;
CREATE EXTENSION customer_ai;
ALTER SCHEMA customer_ai OWNER TO CURRENT_USER;
CREATE SCHEMA customer_ai_internal;
CREATE EXTENSION customer_ai;
DROP SCHEMA customer_ai_internal;

-- what somebody left in the schema is neither adopted nor used
GRANT ALL ON SCHEMA customer_ai TO regress_squatter;
SET ROLE regress_squatter;
CREATE TABLE customer_ai.model (id bigint);
RESET ROLE;
CREATE EXTENSION customer_ai;
DROP TABLE customer_ai.model;
SET ROLE regress_squatter;
CREATE FUNCTION customer_ai.has_factor(factors jsonb, factor text, direction text DEFAULT NULL) RETURNS boolean
    LANGUAGE sql AS 'SELECT true';
RESET ROLE;
CREATE EXTENSION customer_ai;
DROP FUNCTION customer_ai.has_factor;
SET ROLE regress_squatter;
CREATE FUNCTION customer_ai.at_least(a double precision, b integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'called';
END $$;
CREATE OPERATOR customer_ai.>= (FUNCTION = customer_ai.at_least, LEFTARG = double precision, RIGHTARG = integer);
RESET ROLE;
CREATE EXTENSION customer_ai;
SELECT pg_get_constraintdef(oid) LIKE '%customer_ai%' AS captured
FROM pg_constraint WHERE conrelid = 'customer_ai.version'::regclass AND conname = 'version_auc_check';

-- a second one is refused, and after it is gone the schema holds what others made
CREATE EXTENSION customer_ai;
DROP EXTENSION customer_ai;
SELECT proname FROM pg_proc WHERE pronamespace = 'customer_ai'::regnamespace;
\c :here
DROP DATABASE regress_install;
DROP DATABASE regress_latin1;
DROP ROLE regress_squatter;
