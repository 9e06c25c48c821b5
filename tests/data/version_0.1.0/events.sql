-- The events of version_0.1.0: the invoices of one customer in five, and where each lives.
\set ON_ERROR_STOP on
CREATE ROLE shop_owner;
CREATE ROLE analyst;
\ir ../../../demo/load.sql
DELETE FROM shop.orders WHERE customer_id % 5 <> 0;
CREATE TABLE shop.customers AS SELECT customer_id, min(country) AS country FROM shop.orders GROUP BY customer_id;
GRANT USAGE ON SCHEMA shop TO shop_owner, analyst;
GRANT SELECT ON shop.orders, shop.customers TO shop_owner;
