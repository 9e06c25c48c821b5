-- What the dump beside this was made of, by 0.1.0 (commit 0f9cea6): models with versions, runs, segments and rights.
--   tools/cluster bash -c 'psql -X -f tests/data/version_0.1.0/events.sql -f tests/data/version_0.1.0/life.sql &&
--       pg_dump -T shop.orders -T shop.customers' | sed "/^CREATE SCHEMA shop;$/d" | gzip -9n >dump.sql.gz
\set ON_ERROR_STOP on
CREATE EXTENSION customer_ai;
GRANT CREATE ON SCHEMA shop TO shop_owner;
REVOKE EXECUTE ON FUNCTION customer_ai.create_model FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customer_ai.create_model TO shop_owner;
GRANT EXECUTE ON FUNCTION customer_ai.predict TO analyst WITH GRANT OPTION;
SET ROLE shop_owner;
SELECT customer_ai.create_model('repurchase', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'ordered_at', 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL, description => 'who buys again', options => '{"keep_runs": 5}');
SELECT customer_ai.add_profiles('repurchase', 'shop.customers', 'customer_id');
SELECT version, activated FROM customer_ai.train('repurchase', as_of => '2011-11-09');
SELECT version, activated FROM customer_ai.train('repurchase', activate => 'always');
SELECT run, profiles FROM customer_ai.score('repurchase', '2011-10-09');
SELECT customer_ai.create_segment('shop.likely_buyers', 'repurchase', $$ bucket = 'high' $$, 'likely to buy again');
SELECT customer_ai.create_segment('shop.abroad', 'repurchase', $$ country <> 'United Kingdom' AND score >= 50 $$);
SELECT customer_ai.create_segment('shop.recent', 'repurchase', $$ customer_ai.has_factor(factors, factors -> 0 ->> 'factor', 'raises') $$);
SELECT run, profiles FROM customer_ai.score('repurchase');
SELECT customer_ai.create_model('churn', 'shop.orders', $$ event = 'purchase' $$, '60 days', 'customer_id', 'ordered_at', 'event',
    kind => 'churn', occurs => false, eligible_window => '90 days');
SELECT version, activated FROM customer_ai.train('churn');
SELECT customer_ai.create_model('returns', 'shop.orders', $$ event = 'cancel' $$, '30 days', 'customer_id', 'ordered_at', 'event');
GRANT SELECT ON shop.repurchase_scores, shop.likely_buyers TO analyst;
CREATE VIEW shop.call_list AS SELECT customer_id, probability FROM shop.repurchase_scores WHERE bucket = 'high';
