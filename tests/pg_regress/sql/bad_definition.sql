-- A definition that cannot work fails when it is made, in one message with what was found and what is required.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE purchase (customer_id bigint, at timestamptz, shipped_at timestamptz, amount numeric, note text);
CREATE SEQUENCE counter;
\set create 'SELECT customer_ai.create_model'
\set columns 'profile_column => ''customer_id'', time_column => ''at'''

-- names and columns
:create('Spring Sale', 'purchase', 'true', '30 days', :columns);
:create('', 'purchase', 'true', '30 days', :columns);
:create(NULL, 'purchase', 'true', '30 days', :columns);
:create('m', NULL, 'true', '30 days', :columns);
:create('m', 'nowhere', 'true', '30 days', :columns);
:create('m', 'counter', 'true', '30 days', :columns);
:create('m', 'customer_ai.model', 'true', '30 days');
:create('m', 'purchase', 'true', '30 days', 'custmer_id', 'at');
:create('m', 'purchase', 'true', '30 days', 'customer_id', 'amount');
:create('m', 'purchase', 'true', '30 days', 'customer_id');
:create('m', 'purchase', 'true', '30 days', 'at', 'at');
:create('m', 'purchase', 'true', '30 days', 'amount', 'at');

-- windows
:create('m', 'purchase', 'true', NULL, :columns);
:create('m', 'purchase', 'true', '0 days', :columns);
:create('m', 'purchase', 'true', '-1 month', :columns);
:create('m', 'purchase', 'true', '1 month -1 day', :columns);
:create('m', 'purchase', 'true', '200 years', :columns);
:create('m', 'purchase', 'true', '30 days', :columns, eligible_window => '0');

-- conditions
:create('m', 'purchase', NULL, '30 days', :columns);
:create('m', 'purchase', '', '30 days', :columns);
:create('m', 'purchase', 'amount >', '30 days', :columns);
:create('m', 'purchase', 'amount', '30 days', :columns);
:create('m', 'purchase', 'amonut > 5', '30 days', :columns);
:create('m', 'purchase', 'true; DROP TABLE purchase', '30 days', :columns);
:create('m', 'purchase', 'true) OR (true', '30 days', :columns);
:create('m', 'purchase', 'true -- AND amount > 5', '30 days', :columns) IS NOT NULL AS "a comment ends with the condition";
SELECT customer_ai.drop_model('m') IS NOT NULL AS dropped;
:create('m', 'purchase', 'EXISTS (SELECT FROM pg_class)', '30 days', :columns);
:create('m', 'purchase', 'random() < 0.5', '30 days', :columns);
:create('m', 'purchase', 'generate_series(1, 3) > 1', '30 days', :columns);
:create('m', 'purchase', 'row_number() OVER () = 1', '30 days', :columns);
:create('m', 'purchase', 'amount > $1', '30 days', :columns);
:create('m', 'purchase', 'sum(amount) > amount', '30 days', :columns);
:create('m', 'purchase', 'true', '30 days', :columns, eligible => 'at < now() +');

-- kind and options
:create('m', 'purchase', 'true', '30 days', :columns, kind => 'upsell');
:create('m', 'purchase', 'true', '30 days', :columns, options => '[]');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"sead": 1}');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"seed": "one"}');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"buckets": [75, 25]}');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"factors": 0}');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"factors": 21}');
:create('m', 'purchase', 'true', '30 days', :columns, options => '{"algorithm": "forest"}');

-- a name that is taken, and names that do not exist
:create('taken', 'purchase', 'true', '30 days', :columns) IS NOT NULL AS defined;
:create('taken', 'purchase', 'true', '30 days', :columns);
SELECT customer_ai.check_model('takn');
SELECT customer_ai.train('takn');
SELECT customer_ai.score('takn');
SELECT customer_ai.predict('takn', '1');
SELECT customer_ai.explain('takn', '1');
SELECT customer_ai.drop_model('takn');
SELECT customer_ai.create_segment('public.buyers', 'takn', 'true');
SELECT customer_ai.refresh_segment('public.nobody');
SELECT customer_ai.drop_segment('public.nobody');
SELECT customer_ai.drop_model('taken') IS NOT NULL AS dropped;

-- nothing was written by what failed
SELECT count(*) AS models FROM customer_ai.models;
DROP TABLE purchase;
DROP SEQUENCE counter;
