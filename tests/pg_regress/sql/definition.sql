-- What create_model accepts and stores; every kind of relation and every odd name that SQL allows.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA shop;
CREATE TABLE shop.orders (order_id bigint PRIMARY KEY, customer_id bigint, ordered_at timestamptz, event text, revenue numeric);
SELECT customer_ai.create_model('repurchase', 'shop.orders',
    goal => $$ event = 'purchase' $$, outcome_window => '1 month 12 hours',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ count(*) >= 2 $$, eligible_window => NULL, exclude => $$ event = 'erased' $$,
    description => 'who buys again', options => '{"timezone": "Europe/London", "seed": 7}');
SELECT model, owner = current_user AS mine, kind, goal, occurs, outcome_window, eligible, eligible_window, exclude,
    description, scores_schema, scores_name, active_version, time_zone, options
FROM customer_ai.models \gx
SELECT goal_aggregates, eligible_aggregates, exclude_aggregates FROM customer_ai.model;
SELECT position, schema_name, relation_name, profile_column, time_column, type_column, event_type, where_clause
FROM customer_ai.event_source;

-- without a time zone in the options, the session's of now is kept
SET TimeZone = 'Asia/Tokyo';
SELECT customer_ai.create_model('churn', 'shop.orders', 'true', '60 days', 'customer_id', 'ordered_at',
    kind => 'churn', occurs => false, options => '{"scores": "shop.leaving"}');
RESET TimeZone;
SELECT kind, occurs, time_zone, eligible_window, scores_schema, scores_name FROM customer_ai.models WHERE model = 'churn';

-- names are found in the caller's path and kept with their schema
SET search_path = shop, public;
SELECT customer_ai.create_model('from_path', 'orders', 'true', '1 day', 'customer_id', 'ordered_at');
RESET search_path;

-- any relation with rows, any name, with dropped columns, domains and enums
CREATE TYPE shop.kind AS ENUM ('look', 'buy');
CREATE DOMAIN shop.key AS text CHECK (value <> '');
CREATE TABLE shop."My ""Events""" (gone int, "select" shop.key, "when
exactly" date, kind shop.kind);
ALTER TABLE shop."My ""Events""" DROP COLUMN gone;
SELECT customer_ai.create_model('odd', 'shop."My ""Events"""', $$ kind = 'buy' AND "when
exactly" > '2025-01-31' $$, '1 week', 'select', E'when\nexactly', 'kind');
SELECT schema_name, relation_name, profile_column, time_column, type_column FROM customer_ai.event_source s
JOIN customer_ai.model m ON m.id = s.model_id WHERE m.name = 'odd';
CREATE VIEW shop.seen AS SELECT customer_id, ordered_at FROM shop.orders;
CREATE MATERIALIZED VIEW shop.kept AS SELECT * FROM shop.seen WITH NO DATA;
CREATE TABLE shop.parted (customer_id uuid, at timestamp) PARTITION BY RANGE (at);
SELECT m, customer_ai.create_model(m, r, 'true', '1 day')
FROM (VALUES ('a_view', regclass 'shop.seen'), ('a_copy', 'shop.kept'), ('parted', 'shop.parted')) AS given (m, r);

-- a relation that is in the way of the scores, and one that another model has claimed
CREATE TABLE shop.next_scores ();
SELECT customer_ai.create_model('next', 'shop.orders', 'true', '1 day', 'customer_id', 'ordered_at');
SELECT customer_ai.create_model('next', 'shop.orders', 'true', '1 day', 'customer_id', 'ordered_at',
    options => '{"scores": "repurchase_scores"}');
SELECT customer_ai.create_model('next', 'shop.orders', 'true', '1 day', 'customer_id', 'ordered_at',
    options => '{"scores": "nowhere.scores"}');

SELECT customer_ai.create_model('next', 'pg_stat_activity', 'true', '1 day', 'pid', 'xact_start');

BEGIN READ ONLY;
SELECT customer_ai.create_model('late', 'shop.orders', 'true', '1 day', 'customer_id', 'ordered_at');
ROLLBACK;
SELECT customer_ai.drop_model(model) FROM customer_ai.models ORDER BY model;
SELECT count(*) AS sources FROM customer_ai.event_source;
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
