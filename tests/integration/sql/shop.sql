-- The demo data with one model that is trained and has scored.
\ir ../../../demo/load.sql
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS customer_ai;
SELECT customer_ai.create_model('repurchase', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL) \g /dev/null
SELECT customer_ai.train('repurchase') \g /dev/null
SELECT customer_ai.score('repurchase') \g /dev/null
