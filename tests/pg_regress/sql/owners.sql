-- A model runs with its owner's rights, no more: by column, by membership, and when the owner is gone.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE ROLE regress_ana;
CREATE ROLE regress_ben;
CREATE ROLE regress_cid IN ROLE regress_ana;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (customer_id bigint, at timestamptz, amount numeric, card text);
GRANT USAGE ON SCHEMA shop TO regress_ana, regress_ben;
GRANT SELECT (customer_id, at, amount) ON shop.orders TO regress_ana;
GRANT SELECT ON shop.orders TO regress_ben;

-- where the owner may not create, scores could never be written
SET ROLE regress_ana;
SELECT customer_ai.create_model('m', 'shop.orders', 'amount > 10', '30 days', 'customer_id', 'at');
RESET ROLE;
GRANT CREATE ON SCHEMA shop TO regress_ana, regress_ben;
SET ROLE regress_ana;
SELECT customer_ai.create_model('m', 'shop.orders', 'amount > 10', '30 days', 'customer_id', 'at');
-- a column that the owner may not read
SELECT customer_ai.create_model('c', 'shop.orders', 'card IS NULL', '30 days', 'customer_id', 'at');
SELECT customer_ai.create_model('c', 'shop.orders', 'true', '30 days', 'card', 'at');
SELECT customer_ai.add_events('m', 'shop.orders', where_clause => 'card IS NULL');

-- a name is taken for everybody, also for those who do not see the model
SET ROLE regress_ben;
SELECT customer_ai.create_model('m', 'shop.orders', 'true', '30 days', 'customer_id', 'at', options => '{"scores": "ben"}');
SELECT customer_ai.add_events('m', 'shop.orders');
SELECT count(*) AS seen FROM customer_ai.models;
INSERT INTO customer_ai.event_source (model_id, position, schema_name, relation_name, profile_column, time_column)
    SELECT 1, 9, 'shop', 'orders', 'customer_id', 'at';

-- a function of the reader does not see through the views
CREATE FUNCTION pg_temp.leak(seen text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'leaked: %', seen;
    RETURN true;
END $$;
SELECT count(*) AS seen FROM customer_ai.models WHERE pg_temp.leak(goal);

-- a member adds to the model of the role; a condition cannot become somebody else on the way
SET ROLE regress_cid;
SELECT customer_ai.add_events('m', 'shop.orders', 'customer_id', 'at', event_type => 'again');
SELECT customer_ai.add_events('m', 'shop.orders', 'customer_id', 'at', where_clause => $$ set_config('role', 'postgres', true) = 'x' $$);

-- the caller's rights and settings are what they were, also after an error
SELECT current_user, current_setting('search_path');
RESET ROLE;

-- a role that owns a model is not dropped before it, also when it was forced out of everything else
DROP OWNED BY regress_ana;
DROP ROLE regress_cid, regress_ana;
SELECT customer_ai.add_events('m', 'shop.orders');

-- as after a restore without the role: only a superuser sees what it has left, and gives it away or drops it
BEGIN;
UPDATE customer_ai.model SET owner = 'regress_gone', place = NULL;
UPDATE customer_ai.event_source SET owner = 'regress_gone';
SELECT owner FROM customer_ai.models;
SAVEPOINT before;
SELECT customer_ai.add_events('m', 'shop.orders');
ROLLBACK TO before;
SET ROLE regress_ana;
SELECT owner FROM customer_ai.models;
SELECT customer_ai.alter_model('m', owner => 'regress_ana');
ROLLBACK TO before;
SELECT customer_ai.alter_model('m', owner => 'regress_ben');
SELECT owner, (SELECT count(*) FROM customer_ai.event_source s WHERE s.owner = 'regress_ben') AS sources FROM customer_ai.models;
ROLLBACK;
SELECT customer_ai.drop_model('m');
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
DROP OWNED BY regress_ben;
DROP ROLE regress_ben, regress_cid, regress_ana;
