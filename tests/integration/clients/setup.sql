-- A shop of two countries. Analysts own the models and their scores and see no customer of the north: the events have
-- row-level security. bi is an analyst who owns nothing and comes over TCP with a password; reader may read one view.
SET client_min_messages = error;
SET password_encryption = 'scram-sha-256';
CREATE EXTENSION customer_ai;
CREATE ROLE analysts NOLOGIN;
CREATE ROLE bi LOGIN PASSWORD 'analyst''s' IN ROLE analysts;
CREATE ROLE reader LOGIN PASSWORD 'reader''s';
CREATE SCHEMA shop;
CREATE TABLE shop.customers (customer_id int PRIMARY KEY, country text NOT NULL, joined_on date NOT NULL);
CREATE TABLE shop.orders (
    order_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL REFERENCES shop.customers,
    ordered_at timestamptz NOT NULL,
    event text NOT NULL,
    amount numeric(10, 2) NOT NULL);
COMMENT ON TABLE shop.orders IS 'orders and visits';
COMMENT ON COLUMN shop.orders.amount IS 'amount in euro';
INSERT INTO shop.customers SELECT p, CASE WHEN p % 4 = 0 THEN 'north' ELSE 'south' END, date '2024-06-01' + p FROM generate_series(1, 600) p;
INSERT INTO shop.orders (customer_id, ordered_at, event, amount)
    SELECT p, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour',
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END, (p * d) % 97 + 0.5
    FROM generate_series(1, 600) p, generate_series(0, 240, 4) d
    WHERE (p * 13 + d * 7) % 11 < 3 + p % 5 AND (p % 3 > 0 OR d < 60 + p % 170);
CREATE INDEX ON shop.orders (customer_id, ordered_at);
ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY south ON shop.customers TO analysts USING (country = 'south');
CREATE POLICY south ON shop.orders TO analysts USING (customer_id % 4 > 0);
GRANT USAGE ON SCHEMA shop TO analysts, reader;
GRANT SELECT ON shop.orders, shop.customers TO analysts;
CREATE SCHEMA marketing AUTHORIZATION analysts;
GRANT USAGE ON SCHEMA marketing TO reader;
CREATE SCHEMA dbt_bi; -- what bi builds
GRANT USAGE, CREATE ON SCHEMA dbt_bi TO bi;

SET ROLE analysts;
SELECT customer_ai.create_model('repurchase', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'ordered_at', 'event',
    description => 'Who will buy in the next 30 days?',
    options => '{"algorithm": "logistic", "scores": "marketing.repurchase_scores", "ignore": ["order_id"]}') \g /dev/null
SELECT customer_ai.add_profiles('repurchase', 'shop.customers', 'customer_id', '{country, joined_on}') \g /dev/null
SELECT customer_ai.train('repurchase', as_of => '2025-07-25') \g /dev/null
SELECT customer_ai.score('repurchase', as_of => '2025-07-25') \g /dev/null
SELECT customer_ai.score('repurchase') \g /dev/null
SELECT customer_ai.create_segment('marketing.likely_buyers', 'repurchase', $$ percentile > 90 $$, 'those to write to first') \g /dev/null
GRANT SELECT ON marketing.repurchase_scores TO reader;
RESET ROLE;
