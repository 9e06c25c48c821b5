-- A segment is a materialized view of the profiles whose newest scores meet a condition. The scores are made by hand.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA shop;
CREATE TABLE shop.orders (customer_id bigint, ordered_at timestamptz);
CREATE TABLE shop.customers (customer_id bigint, country text);
INSERT INTO shop.customers SELECT n, CASE WHEN n % 2 = 0 THEN 'PT' ELSE 'ES' END FROM generate_series(1, 100) n;
SELECT customer_ai.create_model('m', 'shop.orders', 'true', '30 days', 'customer_id', 'ordered_at');
SET client_min_messages = warning;
SELECT customer_ai.add_profiles('m', 'shop.customers');
RESET client_min_messages;
SELECT customer_ai.create_segment('shop.likely', 'm', $$ bucket = 'high' $$);

CREATE TABLE shop.m_score_history AS SELECT n::bigint AS customer_id, n / 100.0::float8 AS probability, n::smallint AS score,
    n::smallint AS percentile, CASE WHEN n < 25 THEN 'low' WHEN n < 75 THEN 'medium' ELSE 'high' END AS bucket,
    jsonb_build_array(jsonb_build_object('factor', 'Days since purchase',
        'direction', CASE WHEN n > 50 THEN 'raises' ELSE 'lowers' END)) AS factors,
    now() AS scored_at, 1::bigint AS run, 1 AS version
FROM generate_series(1, 100) n;
CREATE VIEW shop.m_scores AS SELECT * FROM shop.m_score_history;

SELECT customer_ai.create_segment('shop.likely', 'm', $$ bucket = 'high' -- and nothing else $$, 'will buy');
SELECT customer_ai.create_segment('shop.portuguese', 'm', $$ country = 'PT' AND score >= 50 $$);
SELECT customer_ai.create_segment('shop.fresh', 'm',
    $$ customer_ai.has_factor(factors, 'Days since purchase', 'raises') AND NOT customer_ai.has_factor(factors, 'Age') $$);
SELECT segment, model, condition, description, profiles FROM customer_ai.segments ORDER BY segment;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'shop.likely'::regclass AND attnum > 0;
SELECT obj_description('shop.likely'::regclass);

-- refreshed from the newest scores, also when somebody dropped the unique index
UPDATE shop.m_score_history SET bucket = 'high' WHERE score = 60;
SELECT customer_ai.refresh_segment('shop.likely') AS profiles;
DROP INDEX shop.likely_customer_id_idx;
SELECT customer_ai.refresh_segment('shop.likely') AS profiles;
SELECT profiles, refreshed_at > created_at AS refreshed FROM customer_ai.segments WHERE segment = 'shop.likely';

-- mistakes
SELECT customer_ai.create_segment('likely', 'm', 'true');
SELECT customer_ai.create_segment('shop.Likely"', 'm', 'true');
SELECT customer_ai.create_segment('shop.likely', 'm', 'true');
SELECT customer_ai.create_segment('shop.other', 'm', $$ buckt = 'high' $$);
SELECT customer_ai.create_segment('shop.other', 'm', $$ count(*) > 1 $$);
SELECT customer_ai.create_segment('shop.other', 'm', NULL);
SELECT customer_ai.create_segment('nowhere.other', 'm', 'true');
SELECT customer_ai.refresh_segment('shop.likly');
ALTER MATERIALIZED VIEW shop.fresh RENAME TO stale;
SELECT customer_ai.refresh_segment('shop.fresh');
SELECT customer_ai.alter_segment('shop.stale', description => 'renamed by hand');
ALTER MATERIALIZED VIEW shop.stale RENAME TO fresh;
SELECT customer_ai.alter_segment('shop.stale', description => 'and back');

-- a setup script that runs twice: what is there as it is wanted is left alone, what differs is named
SELECT customer_ai.create_segment('shop.likely', 'm', $$ bucket = 'high' -- and nothing else $$, 'will buy', if_not_exists => true);
SELECT customer_ai.create_segment('shop.likely', 'm', $$ bucket = 'low' $$, 'will buy', top => 10, if_not_exists => true);
SELECT customer_ai.create_segment('shop.customers', 'm', 'true', if_not_exists => true);
SELECT customer_ai.create_segment('shop.few', 'm', 'true', top => 3, if_not_exists => true);
SELECT customer_ai.create_segment('shop.few', 'm', 'true', top => 3, if_not_exists => true);
SELECT count(*) FROM shop.few;
SELECT customer_ai.alter_segment('shop.few', $$ score > 90 OR customer_ai.in_segment('shop.few') $$);
SELECT customer_ai.drop_segment('shop.few');

-- dropped with the model, unless somebody builds upon it
SELECT customer_ai.drop_segment('shop.portuguese');
CREATE VIEW shop.report AS SELECT count(*) FROM shop.fresh;
SELECT customer_ai.drop_model('m');
SELECT count(*) AS models FROM customer_ai.models;
SELECT customer_ai.drop_model('m', keep_scores => true);
SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v', 'm') ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
