-- What columns are taken for: by type, by name, by option; and dates that are not known before they come.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
-- A deterministic draw between 0 and 1.
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE sale AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN draw(p || '/' || d) < 0.3 THEN 'buy' ELSE 'look' END AS kind,
        4000000000 + (p * d) % 7 AS coupon_upc, (p + d) % 3 AS id_site, 10000 + p % 5 AS "shipZip", d % 4 AS visit_number,
        (p % 9)::numeric AS phone_minutes, (p % 4 + 1)::float8 AS tariff_code, (10 * draw('m' || p || d))::numeric::money AS paid,
        draw('i' || p || d) * interval '1 hour' AS spent, time '08:30' + p * interval '1 minute' AS opened, ARRAY['a', 'b'] AS tags,
        '10.0.0.1'::inet AS ip, tstzrange(NULL, NULL) AS period, '{"plan": "pro"}'::jsonb AS props,
        timestamptz '2025-01-01' + (d + 20) * interval '1 day' AS returned_at, (timestamptz '2025-01-01' + (d + 20) * interval '1 day')::date AS due_on
    FROM generate_series(1, 200) p, generate_series(0, 150) d WHERE draw(d || '-' || p) < 0.15;
SELECT customer_ai.create_model('sale', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic", "known_ahead": ["due_on"]}');
-- what cannot be is an error; what is said counts
SELECT customer_ai.create_model('wrong', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"columns": ["paid", "period"]}');
SELECT customer_ai.create_model('wrong', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"known_ahead": ["paid"]}');
SELECT customer_ai.create_model('wrong', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"take_as": {"ip": "amount"}}');
SELECT customer_ai.create_model('wrong', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"take_as": {"period": "category"}}');
SELECT customer_ai.create_model('wrong', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"take_as": {"paid": "money"}}');
SELECT customer_ai.create_model('said', 'sale', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic", "columns": ["id_site", "visit_number", "shipZip"], "take_as": {"id_site": "amount", "visit_number": "category", "shipZip": "identifier"}}');
SET client_min_messages = error;
SELECT count(*) AS trained FROM customer_ai.train('sale') a, customer_ai.train('said') b;
-- numbers that are names have values, not totals; amounts have totals, not values
SELECT model, string_agg(DISTINCT c, ' ' ORDER BY c) FILTER (WHERE feature ~ ('^(sum|mean).*' || c)) AS added_up,
    string_agg(DISTINCT c, ' ' ORDER BY c) FILTER (WHERE feature ~ ('^(cnt|last|nuniq)_(' || c || ')')) AS told_apart
FROM (VALUES ('sale'), ('said')) m (model), LATERAL customer_ai.describe_features(model) f,
    unnest(ARRAY['coupon_upc', 'id_site', 'shipZip', 'visit_number', 'phone_minutes', 'tariff_code', 'paid', 'spent', 'opened', 'tags', 'ip', 'period', 'props']) c
GROUP BY model ORDER BY model;
-- values of other types, beside plain SQL
SELECT count(*) AS profiles, bool_and(abs(f.value - e.value) < 1e-6) AS right FROM customer_ai.features('sale') f JOIN (
    SELECT profile::text, 'sum_buy.paid_all' AS feature, sum(paid::numeric)::float8 AS value FROM sale WHERE kind = 'buy' GROUP BY profile
    UNION ALL SELECT profile::text, 'sum_buy.spent_all', sum(extract(epoch FROM spent))::float8 FROM sale WHERE kind = 'buy' GROUP BY profile
) e USING (profile, feature);
-- a date is known once it has come, a date known ahead with its event
CREATE TABLE expected AS
    SELECT DISTINCT ON (c, profile, feature) c AS cutoff, profile::text, feature, days FROM (
        SELECT c, profile, at, 'last_look.returned_at' AS feature, extract(epoch FROM returned_at - at) / 86400 AS days
        FROM sale, unnest(ARRAY[timestamptz '2025-04-01', '2025-04-15 12:30']) c WHERE kind = 'look' AND at <= c AND returned_at <= c
        UNION ALL SELECT c, profile, at, 'last_look.due_on', extract(epoch FROM due_on::timestamptz - at) / 86400
        FROM sale, unnest(ARRAY[timestamptz '2025-04-01', '2025-04-15 12:30']) c WHERE kind = 'look' AND at <= c
    ) known ORDER BY c, profile, feature, at DESC;
SELECT e.cutoff, e.feature, count(*) AS profiles, bool_and(abs(f.value - e.days) < 1e-6) AS right FROM expected e JOIN (
    SELECT timestamptz '2025-04-01' AS cutoff, f.* FROM customer_ai.features('sale', as_of => '2025-04-01') f
    UNION ALL SELECT '2025-04-15 12:30', f.* FROM customer_ai.features('sale', as_of => '2025-04-15 12:30') f
) f USING (cutoff, profile, feature) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT customer_ai.drop_model(model) IS NOT NULL AS dropped FROM customer_ai.models;
DROP TABLE sale, expected;
DROP FUNCTION draw(text);
