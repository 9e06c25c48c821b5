-- Models over columns of many types, with rows that are left out. They are trained quickly: what is tested is reading.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE TYPE shop.kind AS ENUM ('cancel', 'purchase', 'other');
CREATE DOMAIN shop.money AS numeric CHECK (VALUE <> 0.001);
CREATE TABLE shop.varied AS
SELECT customer_id::int AS by_integer, customer_id AS by_bigint, 'customer ' || customer_id AS by_text,
    md5(customer_id::text)::uuid AS by_uuid, customer_id::text::char(12) AS by_char,
    ordered_at, ordered_at AT TIME ZONE 'America/New_York' AS ordered_local, (ordered_at AT TIME ZONE 'America/New_York')::date AS ordered_on,
    event, event::shop.kind AS kind, event::char(10) AS padded, (event = 'purchase') AS is_purchase, lines::smallint AS lines,
    revenue::shop.money AS revenue, quantity::real AS quantity, (revenue / 7)::float8 AS share,
    ordered_at - interval '3 days' AS basket_at, ordered_at::date AS day, revenue > 300 AS large,
    CASE WHEN revenue < 100 THEN 'cancel' WHEN revenue < 300 THEN 'purchase' END::shop.kind AS size, country::name AS country,
    jsonb_build_object('plan', 'plan ' || lines % 4, 'note', repeat('x', 300 + lines % 3)) AS properties
FROM shop.orders WHERE customer_id % 8 = 0;
-- Left out: 25 without a profile, 45 without a time, 40 of the future; 60 values that are no number.
INSERT INTO shop.varied (by_integer, by_bigint, by_text, by_uuid, by_char, ordered_at, ordered_local, ordered_on, event, kind, padded, share)
SELECT v.by_integer, v.by_bigint, v.by_text, v.by_uuid, v.by_char, t, t AT TIME ZONE 'UTC', t::date, 'purchase', 'purchase', 'purchase', CASE n % 3 WHEN 0 THEN 'NaN' WHEN 1 THEN 'infinity' ELSE '-infinity' END::float8
FROM (SELECT * FROM shop.varied ORDER BY by_integer LIMIT 1) v, generate_series(1, 145) n,
    LATERAL (SELECT CASE WHEN n <= 20 THEN NULL WHEN n <= 35 THEN 'infinity'::timestamptz WHEN n <= 45 THEN '-infinity'
        WHEN n <= 85 THEN '2100-01-01' ELSE '2011-11-07' END AS t) t;
INSERT INTO shop.varied (ordered_at, ordered_local, ordered_on, event, kind, padded)
SELECT t, t AT TIME ZONE 'UTC', t::date, 'purchase', 'purchase', 'purchase' FROM generate_series(1, 25) n, LATERAL (SELECT '2011-11-07'::timestamptz AS t) t;
UPDATE shop.varied SET properties = jsonb_build_object('note', (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 300) n))
WHERE ctid IN (SELECT ctid FROM shop.varied WHERE ordered_at < '2011-01-01' LIMIT 5);

-- profile column, time column, type column
SELECT customer_ai.create_model(profile, 'shop.varied', goal, '30 days', profile_column => profile, time_column => at, type_column => kind,
    eligible => eligible, exclude => exclude, eligible_window => NULL,
    options => '{"algorithm": "logistic", "max_training_rows": 2000, "timezone": "America/New_York",
        "attributes": {"plan": "properties->>''plan''", "note": "properties->>''note''", "twice": "lines * 2"}}')
FROM (VALUES
    ('by_integer', 'ordered_at', 'kind', $$ kind = 'purchase' $$, NULL, NULL),
    ('by_bigint', 'ordered_local', 'event', $$ event = 'purchase' $$, $$ lines > 2 $$, NULL),
    ('by_text', 'ordered_on', 'padded', $$ padded = 'purchase' AND revenue > 50 $$, NULL, $$ large AND country = 'France' $$),
    ('by_uuid', 'ordered_at', 'is_purchase', $$ is_purchase $$, $$ is_purchase $$, $$ quantity > 5000 $$),
    ('by_char', 'ordered_local', NULL, $$ revenue > 200 $$, $$ source = 'varied' $$, NULL)
) AS m (profile, at, kind, goal, eligible, exclude) \g /dev/null
DO $$ BEGIN PERFORM customer_ai.train(model) FROM customer_ai.models WHERE model LIKE 'by\_%'; END $$;
