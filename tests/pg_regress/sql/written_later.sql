-- Attributes that are written later than their event: training names them; a table whose rows are updated is named too.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE SCHEMA later;
-- A deterministic draw between 0 and 1.
CREATE FUNCTION later.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 800 subscriptions with an invoice every 30 days until they end by chance. Each invoice says how the subscription is today.
CREATE TABLE later.life AS SELECT p AS customer, timestamptz '2024-01-01' + (later.draw('s' || p) * 200)::int * interval '1 day' AS started,
    (1 + floor(-ln(1 - later.draw('l' || p)) / 0.08))::int AS months FROM generate_series(1, 800) p;
CREATE TABLE later.invoice AS SELECT customer, started + m * interval '30 days' AS at, 10 + 5 * (customer % 4) AS amount,
    CASE WHEN ended THEN 'ended' ELSE 'active' END AS status, ended AS is_closed, NOT ended AS is_active,
    CASE WHEN ended THEN 1 + customer % 5 END AS reason_given, (ARRAY['card', 'bank', 'cash'])[1 + (customer + m) % 3] AS paid_by
FROM later.life, LATERAL (SELECT started + months * interval '30 days' < '2025-09-01' AS ended) e, generate_series(0, months - 1) m
WHERE started + m * interval '30 days' < '2025-09-01';

-- The warnings of a training that uses only some columns.
CREATE FUNCTION later.leaks(columns jsonb) RETURNS TABLE (feature text, factor text, strong boolean, next_is_weak boolean) LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL client_min_messages = error;
    PERFORM customer_ai.create_model('later', 'later.invoice', 'true', '35 days', 'customer', 'at', occurs => false,
        eligible_window => '31 days', options => jsonb_build_object('columns', columns));
    PERFORM customer_ai.train('later');
    RETURN QUERY SELECT w ->> 'feature', w ->> 'factor', (w ->> 'auc')::float8 > 0.9, (w ->> 'next_auc')::float8 < 0.6
        FROM customer_ai.version_reports v, jsonb_array_elements(v.report -> 'warnings') w
        WHERE v.model = 'later' AND w ->> 'warning' = 'suspected_leak';
    PERFORM customer_ai.drop_model('later');
END $$;
SELECT * FROM later.leaks('["status"]');
SELECT * FROM later.leaks('["is_closed"]');
SELECT * FROM later.leaks('["is_active"]');
SELECT * FROM later.leaks('["reason_given"]');
SELECT * FROM later.leaks('["amount", "paid_by", "status", "is_closed", "reason_given"]');
-- What was known when the invoice was written is not named.
SELECT * FROM later.leaks('["amount", "paid_by"]');
