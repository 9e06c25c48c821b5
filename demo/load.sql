-- Loads the Online Retail invoices into shop.orders. Run it from the top folder of the project.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS shop;
DROP TABLE IF EXISTS shop.orders;
CREATE TABLE shop.orders (
    customer_id bigint NOT NULL,
    ordered_at timestamptz NOT NULL,
    event text NOT NULL, -- 'purchase' or 'cancel'
    invoice_no text NOT NULL,
    lines int,
    products int,
    quantity int,
    revenue numeric,
    country text
);
CREATE TEMP TABLE invoice (
    customer_id bigint, ts timestamp, invoice_no text, lines int, products int, quantity int, revenue numeric,
    is_cancel int, country text
);
\copy invoice FROM PROGRAM 'gzip -dc tests/data/online_retail_invoices.csv.gz' (FORMAT csv, HEADER)
INSERT INTO shop.orders
    SELECT customer_id, ts AT TIME ZONE 'Europe/London', CASE is_cancel WHEN 1 THEN 'cancel' ELSE 'purchase' END,
        invoice_no, lines, products, quantity, revenue, country
    FROM invoice;
DROP TABLE invoice;
CREATE INDEX ON shop.orders (customer_id, ordered_at);
ANALYZE shop.orders;
RESET client_min_messages;
