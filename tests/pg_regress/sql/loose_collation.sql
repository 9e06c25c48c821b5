-- A profile column in which different texts may be equal is refused. loose_collation_1.out is of a server without ICU.
\set VERBOSITY default
SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AS icu \gset
\if :icu
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE e (name text COLLATE loose, at timestamptz);
SELECT customer_ai.create_model('m', 'e', 'true', '1 day', profile_column => 'name');
DROP TABLE e;
DROP COLLATION loose;
\else
\echo skipped: this server is built without ICU, so it has no such collations
\endif
