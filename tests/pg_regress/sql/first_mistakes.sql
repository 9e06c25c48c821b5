-- Mistakes of the first hours that gave a wrong model without a word: the same source twice, keys of another kind, goals
-- that nobody meets, windows of seconds, labels of all shapes.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
CREATE SCHEMA shop;
CREATE FUNCTION shop.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE shop.visit AS
    SELECT p AS customer, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN shop.draw('k' || p || '/' || d) < 0.1 + 0.4 * shop.draw('u' || p) THEN 'buy' ELSE 'view' END AS what
    FROM generate_series(1, 200) p, generate_series(0, 149) d
    WHERE shop.draw('e' || p || '/' || d) < 0.03 + 0.15 * shop.draw('r' || p);
CREATE TABLE shop.mail AS SELECT customer, at + interval '1 hour' AS at, 'sent' AS what FROM shop.visit WHERE customer % 2 = 0;
CREATE TABLE shop.complaint AS SELECT n + 100000 AS case_id, timestamptz '2025-02-01' + n * interval '1 hour' AS at FROM generate_series(1, 50) n;
CREATE TABLE shop.customer AS SELECT n AS customer, n % 3 AS tier FROM generate_series(1, 150) n;
SELECT what, count(*) FROM shop.visit GROUP BY 1 ORDER BY 1;

-- Goals and windows.
SELECT customer_ai.create_model('goal', 'shop.visit', 'event = ''buy''', '30', 'customer', 'at');
SELECT customer_ai.drop_model('goal');
SELECT customer_ai.create_model('goal', 'shop.visit', 'what = ''Buy''', '30 days', 'customer', 'at');
SELECT version FROM customer_ai.train('goal');
SELECT "check", required, actual, ok, hint FROM customer_ai.check_model('goal') WHERE NOT ok AND "check" <> 'freshness';
SELECT customer_ai.drop_model('goal');
SELECT customer_ai.create_model('goal', 'shop.visit', 'true', '50 days', 'customer', 'at', 'what', eligible => 'what IN (''view'', ''buy'')', eligible_window => '40 minutes');
SELECT customer_ai.drop_model('goal');
SELECT customer_ai.create_model('goal', 'shop.visit', 'count(*) FILTER (WHERE what = ''buys'') > 0', '1 month', 'customer', 'at', 'what');
SELECT version FROM customer_ai.train('goal');
SELECT customer_ai.drop_model('goal');
-- Who never comes back cannot be learned from.
CREATE TABLE shop.orders AS SELECT md5(customer || '-' || at) AS order_key, at FROM shop.visit;
SELECT customer_ai.create_model('orders', 'shop.orders', 'true', '30 days', 'order_key', 'at');
SELECT version FROM customer_ai.train('orders');
SELECT actual, ok FROM customer_ai.check_model('orders') WHERE "check" = 'profiles with more than one event';
SELECT customer_ai.drop_model('orders');

-- Sources.
SELECT customer_ai.create_model('m', 'shop.visit', 'what = ''buy''', '30 days', 'customer', 'at', 'what', options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_events('m', 'shop.visit', 'customer', 'at', 'what');
SELECT customer_ai.add_events('m', 'shop.visit', 'customer', 'at');
SELECT customer_ai.add_events('m', 'shop.mail', 'customer', 'at', event_type => 'mail');
SELECT customer_ai.add_events('m', 'shop.mail', 'customer', 'at', event_type => 'mail');
SELECT customer_ai.add_events('m', 'shop.mail', 'customer', 'at', event_type => 'mail', where_clause => 'customer > 100');
SELECT customer_ai.add_events('m', 'shop.mail', 'customer', 'at', event_type => 'mail', where_clause => ' customer > 100 ');
SELECT customer_ai.add_events('m', 'shop.complaint', 'case_id', 'at');
SELECT customer_ai.add_profiles('m', 'shop.customer');
SELECT "check", actual, ok FROM customer_ai.check_model('m') WHERE "check" LIKE 'profiles of%';
SELECT (SELECT count(DISTINCT customer) FROM shop.visit v) AS profiles,
    (SELECT count(DISTINCT customer) FROM shop.visit JOIN shop.customer USING (customer)) AS with_attributes;
SELECT customer_ai.remove_events('m', 'shop.complaint');
SELECT customer_ai.remove_events('m', 'shop.complaint');
SELECT customer_ai.remove_events('m', 'shop.mail');
SELECT customer_ai.remove_events('m', 'shop.visit');
SELECT customer_ai.remove_profiles('m', 'shop.mail');
SELECT customer_ai.remove_profiles('m', 'shop.customer');
SELECT customer_ai.remove_profiles('m', 'shop.customer');
SELECT count(*) FROM customer_ai.check_model('m') WHERE "check" LIKE 'profiles of%';

-- A version that learned from another definition says so, once in a session.
SELECT version FROM customer_ai.train('m');
SELECT profiles FROM customer_ai.score('m', as_of => '2025-05-30');
SELECT customer_ai.add_events('m', 'shop.mail', 'customer', 'at', event_type => 'mail');
SELECT profiles FROM customer_ai.score('m', as_of => '2025-05-30');
SELECT count(*) FROM customer_ai.predict('m', '7');
-- The same words for a definition that is as it was.
SELECT customer_ai.remove_events('m', 'shop.mail');
SELECT profiles FROM customer_ai.score('m', as_of => '2025-05-30');
SELECT customer_ai.drop_model('m');
SELECT customer_ai.create_model('m', 'shop.visit', 'what = ''buy''', '30 days', 'customer', 'at', 'what', options => '{"algorithm": "logistic"}');

-- Examples.
CREATE TABLE shop.ok AS SELECT p AS customer, timestamptz '2025-03-01' + c * interval '20 days' AS cutoff, shop.draw('y' || p || c) < 0.3 AS label
    FROM generate_series(1, 200) p, generate_series(0, 3) c
    WHERE EXISTS (SELECT FROM shop.visit v WHERE v.customer = p AND v.at <= timestamptz '2025-03-01' + c * interval '20 days');
SELECT count(*) AS examples, count(*) FILTER (WHERE label) AS positives FROM shop.ok;
SET client_min_messages = notice;
CREATE VIEW shop.as_int AS SELECT customer, cutoff, label::int AS label FROM shop.ok;
CREATE VIEW shop.as_sign AS SELECT customer, cutoff, CASE WHEN label THEN 1 ELSE -1 END AS label FROM shop.ok;
CREATE VIEW shop.as_text AS SELECT customer, cutoff, label::text AS label FROM shop.ok;
CREATE VIEW shop.with_null AS SELECT customer, cutoff, CASE WHEN customer % 3 > 0 THEN label END AS label FROM shop.ok;
CREATE VIEW shop.all_null AS SELECT customer, cutoff, NULL::boolean AS label FROM shop.ok;
CREATE VIEW shop.repeated AS TABLE shop.ok UNION ALL SELECT * FROM shop.ok WHERE customer <= 10;
CREATE VIEW shop.contradicting AS TABLE shop.ok UNION ALL SELECT customer, cutoff, NOT label FROM shop.ok WHERE customer = 33;
CREATE VIEW shop.strangers AS SELECT customer + 100000 AS customer, cutoff, label FROM shop.ok;
CREATE VIEW shop.some_strangers AS TABLE shop.ok UNION ALL SELECT customer + 100000, cutoff, label FROM shop.ok WHERE customer <= 5;
CREATE VIEW shop.late AS SELECT customer, cutoff + CASE WHEN customer <= 5 THEN interval '1 year' ELSE '0' END AS cutoff, label FROM shop.ok;
CREATE VIEW shop.other_name AS SELECT customer AS user_id, cutoff, label FROM shop.ok;
CREATE VIEW shop.other_label AS SELECT customer, cutoff, label AS churned FROM shop.ok;
CREATE FUNCTION shop.trained(relation regclass, OUT examples bigint, OUT positives bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.examples, t.positives INTO $2, $3 FROM customer_ai.train('m', examples => $1, activate => 'never') t;
END $$;
SELECT * FROM shop.trained('shop.ok');
SELECT * FROM shop.trained('shop.as_int');
SELECT * FROM shop.trained('shop.as_sign');
SELECT * FROM shop.trained('shop.as_text');
SELECT * FROM shop.trained('shop.with_null');
SELECT count(*) AS examples, count(*) FILTER (WHERE label) AS positives FROM shop.with_null WHERE label IS NOT NULL;
SELECT * FROM shop.trained('shop.all_null');
SELECT * FROM shop.trained('shop.repeated');
SELECT * FROM shop.trained('shop.contradicting');
SELECT * FROM shop.trained('shop.strangers');
SELECT * FROM shop.trained('shop.some_strangers');
SELECT * FROM shop.trained('shop.late');
SELECT * FROM shop.trained('shop.other_name');
SELECT examples > 0 AS by_the_goal FROM shop.trained('shop.other_label');
SELECT customer_ai.drop_model('m');
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
