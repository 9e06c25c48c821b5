-- The data set that comes with the project, and its tasks.
CREATE TEMP TABLE invoice (customer_id bigint, ts timestamp, invoice_no text, lines int, products int, quantity int,
    revenue float8, is_cancel int, country text);
\copy invoice FROM PROGRAM 'gzip -dc tests/data/online_retail_invoices.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE retail AS
SELECT customer_id AS profile, ts, CASE is_cancel WHEN 1 THEN 'cancel' ELSE 'purchase' END AS event,
    lines, products, quantity, revenue
FROM invoice;
CREATE TABLE retail_profile AS
SELECT DISTINCT ON (customer_id) customer_id AS profile, country FROM invoice ORDER BY customer_id, ts, country;
CREATE INDEX ON retail (profile, ts);
ANALYZE retail, retail_profile;

SET client_min_messages = error;
CALL run('retail_30', 'retail', $$ event = 'purchase' $$, eligible => $$ event = 'purchase' $$,
    profiles => 'retail_profile');
CALL run('retail_churn60', 'retail', $$ event = 'purchase' $$, occurs => false, eligible => $$ event = 'purchase' $$,
    eligible_window => '90 days', profiles => 'retail_profile');
