-- What is renamed or moved is found again, as a view finds it; whose a model is follows the role, not its name.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE ROLE regress_ana;
CREATE ROLE regress_bob;
CREATE ROLE regress_eve;
CREATE SCHEMA shop AUTHORIZATION regress_ana;
GRANT ALL ON SCHEMA shop TO regress_bob;
SET ROLE regress_ana;
CREATE TABLE shop.visits AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at, (p * 31 + d * 17) % 100 AS amount
    FROM generate_series(1, 200) p, generate_series(0, 200, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
CREATE TABLE shop.orders AS SELECT * FROM shop.visits WHERE amount < 40;
CREATE TABLE shop.customers AS SELECT DISTINCT customer_id, customer_id % 3 AS grade FROM shop.visits;
SELECT customer_ai.create_model('m', 'shop.visits', $$ source = 'orders' $$, '30 days', 'customer_id', 'at',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_events('m', 'shop.orders', 'customer_id', 'at');
SET client_min_messages = warning;
SELECT customer_ai.add_profiles('m', 'shop.customers', 'customer_id');
SELECT version FROM customer_ai.train('m');
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
SELECT customer_ai.create_segment('shop.likely', 'm', 'probability > 0.5');
RESET client_min_messages;
CREATE TEMP TABLE before AS SELECT customer_id, probability, factors FROM shop.m_scores;
-- how many profiles have other scores now
CREATE TEMP VIEW changed AS
    SELECT count(*) AS changed FROM before b FULL JOIN shop.m_scores s USING (customer_id)
    WHERE (b.probability, b.factors) IS DISTINCT FROM (s.probability, s.factors);

-- a reader follows without writing, says so once, and the view says where things are
ALTER TABLE shop.visits RENAME TO visitors;
ALTER TABLE shop.orders RENAME TO sales;
ALTER TABLE shop.customers RENAME TO clients;
BEGIN READ ONLY;
SELECT count(*) AS predicted FROM customer_ai.predict('m', '7');
SELECT count(*) AS predicted FROM customer_ai.predict('m', '8');
COMMIT;
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
SELECT * FROM pg_temp.changed;
RESET ROLE;
SELECT schema_name, relation_name, label FROM customer_ai.event_source ORDER BY position;
SELECT relation_name FROM customer_ai.profile_source;

-- a relation of the name that is kept wins: the swap of a new table for an old one
SET ROLE regress_ana;
ALTER TABLE shop.visitors RENAME TO visitors_old;
CREATE TABLE shop.visitors AS SELECT * FROM shop.visitors_old;
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
DROP TABLE shop.visitors_old;

-- schema, score relation and segment
RESET ROLE;
ALTER SCHEMA shop RENAME TO store;
SET ROLE regress_ana;
SELECT scores_schema, scores_name FROM customer_ai.models;
SELECT segment FROM customer_ai.segments;
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
ALTER MATERIALIZED VIEW store.likely RENAME TO liked;
SELECT customer_ai.refresh_segment('store.liked') > 0 AS refreshed;
ALTER MATERIALIZED VIEW store.liked RENAME TO loved;
SELECT customer_ai.refresh_segment('store.liked') > 0 AS refreshed;
SELECT segment FROM customer_ai.segments;
ALTER VIEW store.m_scores RENAME TO scores;
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
SELECT scores_schema, scores_name FROM customer_ai.models;
SELECT to_regclass('store.m_scores') AS second_view;

-- an OID that was noted elsewhere means nothing
RESET ROLE;
UPDATE customer_ai.event_source SET place = 'elsewhere';
ALTER TABLE store.sales RENAME TO buys;
SELECT customer_ai.train('m');
ALTER TABLE store.buys RENAME TO sales;

-- a role is what it is, not what it is called
ALTER ROLE regress_ana RENAME TO regress_anna;
CREATE ROLE regress_ana;
SET ROLE regress_ana;
SELECT count(*) AS models FROM customer_ai.models;
SELECT customer_ai.train('m');
SET ROLE regress_anna;
SELECT owner FROM customer_ai.models;
SELECT rows > 0 AS forgotten FROM customer_ai.forget(profile => '7') WHERE relation LIKE '%history';
SELECT version FROM customer_ai.train('m', activate => 'never');
RESET ROLE;
SELECT owner FROM customer_ai.model;
SELECT DISTINCT owner FROM customer_ai.version;
DROP ROLE regress_ana;

-- nobody drops the owner of a model; its own DROP OWNED does not let it go either
SET ROLE regress_eve;
DROP OWNED BY regress_eve;
SELECT customer_ai.alter_model('m', owner => 'regress_eve');
RESET ROLE;
BEGIN;
REVOKE ALL ON SCHEMA store FROM regress_bob;
DROP OWNED BY regress_anna;
DROP ROLE regress_anna;
ROLLBACK;

-- giving it away: as a member of both
GRANT regress_anna TO regress_eve;
SET ROLE regress_eve;
SELECT customer_ai.alter_model('m', owner => 'regress_bob');
SELECT customer_ai.alter_model('m', owner => 'regress_nobody');
SELECT customer_ai.alter_model('m');
RESET ROLE;
GRANT regress_bob TO regress_eve;
SET ROLE regress_eve;
SELECT customer_ai.alter_model('m', owner => 'regress_bob');
RESET ROLE;
SELECT owner FROM customer_ai.models;
SELECT relname, relkind, relowner::regrole FROM pg_class
WHERE relnamespace = 'store'::regnamespace AND relkind IN ('v', 'm', 'p') ORDER BY 1;
SELECT DISTINCT relowner::regrole AS owner_of_runs FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'm\_score\_history\_%';
SELECT DISTINCT owner FROM customer_ai.run;
SET ROLE regress_anna;
SELECT customer_ai.train('m');
SET ROLE regress_bob;
SELECT customer_ai.train('m');
RESET ROLE;
ALTER TABLE store.visitors OWNER TO regress_bob;
GRANT SELECT ON store.sales, store.clients TO regress_bob;
SET ROLE regress_bob;
SELECT version FROM customer_ai.train('m', activate => 'never');
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
RESET ROLE;

-- REASSIGN OWNED gives the scores away, and the model goes with them; to a superuser only when told to
ALTER SCHEMA store OWNER TO regress_bob;
REASSIGN OWNED BY regress_bob TO regress_anna;
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
REASSIGN OWNED BY regress_anna TO CURRENT_USER;
SELECT customer_ai.score('m');
SELECT customer_ai.alter_model('m', owner => current_user);
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
SELECT owner FROM customer_ai.models;
SELECT customer_ai.alter_model('m', owner => 'regress_eve');
DROP OWNED BY regress_bob, regress_anna;
DROP ROLE regress_bob, regress_anna;

-- a role that was forced out, and another one of its name
UPDATE customer_ai.model SET owner_oid = 1;
SET ROLE regress_eve;
SELECT count(*) AS models FROM customer_ai.models;
SELECT count(*) FROM customer_ai.predict('m', '7');
RESET ROLE;
SELECT owner FROM customer_ai.models;
SELECT customer_ai.train('m');
SELECT count(*) FROM customer_ai.predict('m', '7');
SELECT customer_ai.alter_model('m', owner => 'regress_eve');
GRANT USAGE ON SCHEMA store TO regress_eve;
DROP VIEW pg_temp.changed;
SELECT customer_ai.drop_model('m');
SELECT relname FROM pg_class WHERE relnamespace = 'store'::regnamespace AND relkind <> 'i' ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA store CASCADE;
DROP ROLE regress_eve;
