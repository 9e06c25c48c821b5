-- Whatever stands first in the search_path is never called by our queries, and by a condition only if it stood there when
-- it was defined: so views do.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA evil;
CREATE TABLE evil.log (name text);
CREATE FUNCTION evil.note(name text) RETURNS boolean LANGUAGE sql AS $$ INSERT INTO evil.log VALUES (name) RETURNING true $$;
CREATE FUNCTION evil.same(a text, b text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('= text') $$;
CREATE FUNCTION evil.same(a bigint, b bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('= bigint') $$;
CREATE FUNCTION evil.same(a name, b name) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('= name') $$;
CREATE FUNCTION evil.same(a oid, b oid) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('= oid') $$;
CREATE FUNCTION evil.more(a numeric, b integer) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('> numeric') $$;
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = name, RIGHTARG = name);
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = oid, RIGHTARG = oid);
CREATE OPERATOR evil.> (FUNCTION = evil.more, LEFTARG = numeric, RIGHTARG = integer);
CREATE FUNCTION evil.coalesced(a anyelement) RETURNS anyelement LANGUAGE sql AS $$ SELECT a FROM evil.note('coalesced') $$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2000-01-01' FROM evil.note('now') $$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT $1 FROM evil.note('lower') $$;
CREATE FUNCTION evil.has_factor(jsonb, text) RETURNS boolean LANGUAGE sql AS $$ SELECT evil.note('has_factor') $$;
CREATE TABLE evil.model (LIKE customer_ai.model);
CREATE TABLE evil.pg_class (oid oid);
CREATE TEMP TABLE model (LIKE customer_ai.model);
CREATE TEMP TABLE pg_attribute (attname name);

CREATE TABLE public.orders (customer_id bigint, at timestamptz, amount numeric, kind text);
CREATE TABLE public.customers (customer_id bigint, country text);
-- As WHERE does, a condition finds the operator: it is volatile.
SET search_path = evil, public;
SELECT customer_ai.create_model('m', 'public.orders', $$ amount > 5 $$, '30 days');
-- Functions of pg_catalog come first, unless the path says otherwise.
SELECT customer_ai.create_model('m', 'public.orders', $$ lower(kind) = 'buy' AND amount OPERATOR(pg_catalog.>) 5 $$, '30 days',
    exclude => $$ lower(kind) = 'gone' AND at > cutoff - interval '9 days' $$);
SELECT customer_ai.alter_events('m', 'public.orders', where_clause => $$ amount > 5 $$);
SELECT customer_ai.alter_events('m', 'public.orders', where_clause => $$ lower(kind) OPERATOR(pg_catalog.=) 'sold' $$);
SELECT customer_ai.add_events('m', 'public.orders', where_clause => $$ lower(kind) OPERATOR(pg_catalog.=) 'buy' $$);
SELECT customer_ai.add_profiles('m', 'public.customers');
SELECT customer_ai.alter_model('m', eligible => $$ lower(kind) OPERATOR(pg_catalog.<>) 'gone' $$, eligible_window => '9 days');
SELECT customer_ai.add_event_definition('m', 'Large', $$ amount OPERATOR(pg_catalog.>) 90 AND lower(kind) OPERATOR(pg_catalog.=) 'buy' $$);
-- As where a condition is defined: the operator that stands first is found, and is volatile.
SELECT customer_ai.alter_model('m', goal => $$ amount > 5 $$);
SELECT customer_ai.add_event_definition('m', 'Dear', $$ amount > 5 $$);
-- A copy and a document: names are looked up again, and ours are still found where they belong.
SELECT customer_ai.clone_model('m', 'copy');
SELECT customer_ai.rename_model('copy', 'other');
SELECT customer_ai.export_model('m')::text AS document \gset
SELECT customer_ai.import_model(:'document'::jsonb, 'moved');
SELECT goal_sql, eligible_sql, e.condition_sql FROM customer_ai.model m JOIN customer_ai.event_definition e ON e.model_id OPERATOR(pg_catalog.=) m.id
    ORDER BY m.id;
SELECT customer_ai.drop_model('other'), customer_ai.drop_model('moved');
SELECT goal_sql, exclude_sql, where_sql FROM customer_ai.model m JOIN customer_ai.event_source s ON s.model_id OPERATOR(pg_catalog.=) m.id
    ORDER BY s.position;
CREATE VIEW public.m_scores AS SELECT 1::bigint AS customer_id, 0.5::float8 AS probability, 50::smallint AS score,
    50::smallint AS percentile, 'medium'::text AS bucket, '[]'::jsonb AS factors;
SELECT customer_ai.create_segment('public.some', 'm', $$ bucket OPERATOR(pg_catalog.=) 'medium' AND lower(bucket) OPERATOR(pg_catalog.=) 'medium' $$);
SELECT customer_ai.refresh_segment('public.some');
SELECT customer_ai.has_factor('[{"factor": "a"}]', 'a');
SELECT model FROM customer_ai.models;
SELECT customer_ai.drop_segment('public.some');
SELECT customer_ai.drop_model('m');
RESET search_path;
SELECT name AS called FROM evil.log;
SET client_min_messages = warning;
DROP SCHEMA evil CASCADE;
DROP VIEW m_scores;
DROP TABLE orders, customers, pg_temp.model, pg_temp.pg_attribute;
