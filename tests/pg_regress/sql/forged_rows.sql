-- The owner of a database may copy rows into the catalog, to restore a dump; none of them runs with rights that its
-- author lacks.
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE ROLE regress_dbo;
CREATE ROLE regress_team;
CREATE ROLE regress_victim;
GRANT regress_team TO regress_dbo;
CREATE DATABASE regress_owned OWNER regress_dbo TEMPLATE template0;
SELECT current_database() AS here \gset
\c regress_owned
CREATE EXTENSION customer_ai;
CREATE SCHEMA shop;
GRANT ALL ON SCHEMA shop TO PUBLIC;
SET ROLE regress_victim;
CREATE TABLE shop.orders (customer_id bigint, at timestamptz, amount numeric);
INSERT INTO shop.orders SELECT p, timestamptz '2025-01-01' + d * interval '1 day', (p * 31 + d * 17) % 10
    FROM generate_series(1, 60) p, generate_series(0, 200, 7) d WHERE (p * 7 + d) % 5 < 3;
SELECT customer_ai.create_model('mine', 'shop.orders', 'amount > 7', '30 days', 'customer_id', 'at', options => '{"allow_small": true}');
CREATE MATERIALIZED VIEW shop.prized AS SELECT 1 AS one;
GRANT SELECT ON shop.orders TO regress_dbo;

SET ROLE regress_dbo;
CREATE FUNCTION shop.trap() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the trap ran as %', current_user;
END $$;
-- what a dump of it needs
SELECT name, owner FROM customer_ai.model;
-- a model of a superuser, of another role, of a role that does not exist, of a role that they are a member of
CREATE FUNCTION shop.forged(what jsonb) RETURNS SETOF customer_ai.model LANGUAGE sql AS $$
    SELECT (jsonb_populate_record(m, '{"goal": "shop.trap()", "goal_sql": "shop.trap()"}' || what)).*
    FROM customer_ai.model m WHERE name = 'mine' $$;
INSERT INTO customer_ai.model OVERRIDING SYSTEM VALUE
SELECT f.* FROM unnest(ARRAY[session_user, 'regress_victim', 'regress_gone', 'regress_team']) WITH ORDINALITY o (owner, n),
    shop.forged(jsonb_build_object('id', 100 + n, 'name', 'forged_' || n, 'owner', owner, 'scores_name', 'forged_' || n)) f;
SELECT model, owner FROM customer_ai.models ORDER BY 1;
-- a source of somebody else's model, in any name, is not one
INSERT INTO customer_ai.event_source OVERRIDING SYSTEM VALUE
SELECT (jsonb_populate_record(s, jsonb_build_object('id', 100 + n, 'owner', o, 'position', n + 1,
    'where_clause', 'shop.trap()', 'where_sql', 'shop.trap()'))).*
FROM customer_ai.event_source s, unnest(ARRAY['regress_victim', 'regress_dbo', session_user]) WITH ORDINALITY o (o, n);
INSERT INTO customer_ai.segment (model_id, owner, schema_name, segment_name, condition, condition_sql, profiles)
SELECT m.id, 'regress_victim', 'shop', 'prized', 'true', 'true', 0 FROM customer_ai.model m WHERE m.name = 'mine';
INSERT INTO customer_ai.version (model_id, owner, number, format, algorithm, as_of, cutoffs, rows, positives, report, document)
SELECT m.id, 'regress_victim', 1, 1, 'auto', now(), '{}', 1, 1, '{}', '' FROM customer_ai.model m WHERE m.name = 'mine';
INSERT INTO customer_ai.event_source OVERRIDING SYSTEM VALUE
SELECT (jsonb_populate_record(s, jsonb_build_object('id', 200, 'model_id', 101, 'owner', session_user,
    'relation_oid', 'pg_authid'::regclass::oid))).*
FROM customer_ai.event_source s WHERE id = 1;
-- an OID that was noted by nobody means nothing
SELECT count(place) AS places FROM customer_ai.event_source WHERE relation_oid = 'pg_authid'::regclass;
-- nothing that stands first in their search_path is called by the extension for them
CREATE SCHEMA evil;
CREATE FUNCTION evil.same(a bigint, b bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE FUNCTION evil.same(a name, b name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE FUNCTION evil.same(a oid, b oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = bigint, RIGHTARG = bigint);
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = name, RIGHTARG = name);
CREATE OPERATOR evil.= (FUNCTION = evil.same, LEFTARG = oid, RIGHTARG = oid);
SET search_path TO evil, pg_catalog;
INSERT INTO customer_ai.model OVERRIDING SYSTEM VALUE
SELECT * FROM shop.forged('{"id": 300, "name": "first", "owner": "regress_dbo", "scores_name": "first"}');
SELECT customer_ai_internal.note(1), customer_ai_internal.note(300);
RESET search_path;
DROP SCHEMA evil CASCADE;
-- no more than that: nothing is changed or deleted
UPDATE customer_ai.model SET owner = 'regress_victim';
DELETE FROM customer_ai.model;
BEGIN;
LOCK TABLE customer_ai.model IN SHARE MODE;
ROLLBACK;
ALTER TABLE customer_ai.model DISABLE TRIGGER own_row;
RESET ROLE;

-- a superuser and the victim do their work without the trap; the forged model runs as who forged it
SELECT algorithm IS NOT NULL AS trained FROM customer_ai.train('mine');
SELECT profiles > 0 AS scored FROM customer_ai.score('mine');
SET ROLE regress_victim;
SELECT version, model FROM customer_ai.versions;
SELECT segment FROM customer_ai.segments;
SELECT algorithm IS NOT NULL AS trained FROM customer_ai.train('mine', activate => 'always');
RESET ROLE;
SELECT customer_ai.train('forged_1');
SELECT customer_ai.train('forged_2');
SELECT customer_ai.drop_model('mine');
SELECT * FROM shop.prized;
-- a role is held that owns a model which was copied in
DROP ROLE regress_team;
-- what is left of it belongs to nobody
SELECT (SELECT count(*) FROM customer_ai.event_source s WHERE NOT EXISTS (SELECT FROM customer_ai.model m WHERE m.id = s.model_id)) AS sources,
    (SELECT count(*) FROM customer_ai.version s WHERE NOT EXISTS (SELECT FROM customer_ai.model m WHERE m.id = s.model_id)) AS versions,
    (SELECT count(*) FROM customer_ai.run s WHERE NOT EXISTS (SELECT FROM customer_ai.model m WHERE m.id = s.model_id)) AS runs,
    (SELECT count(*) FROM customer_ai.segment s WHERE NOT EXISTS (SELECT FROM customer_ai.model m WHERE m.id = s.model_id)) AS segments;
\c :here
DROP DATABASE regress_owned;
DROP ROLE regress_dbo, regress_team, regress_victim;
