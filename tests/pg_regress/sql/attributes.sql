-- What columns are to a model when nobody says so, and when somebody does; values against those that plain SQL finds.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE TYPE plan AS ENUM ('basic', 'pro');
CREATE TABLE act AS
SELECT md5(p || '')::uuid AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) + p * interval '1 minute' AS at,
    CASE WHEN (p * 31 + n * 17) % 11 < p % 5 THEN 'buy' ELSE 'look' END AS kind,
    (n % 9) / 2.0 AS amount, n % 4 AS quantity, p * 100 + n AS order_id, n % 6 AS shelf_no,
    p * 1000 + n AS line, n % 3 = 0 AS gift, (ARRAY['basic', 'pro'])[1 + (p + n) % 2]::plan AS plan,
    date '2025-01-01' + n * (1 + p % 5) + n % 8 AS due, timestamp '2025-01-01' + n * interval '36 hours' AS seen,
    md5('shop ' || p % 4)::uuid AS shop, md5(p || ' ' || n) AS note, 'c' || n % 5 AS channel,
    jsonb_build_object('size', n % 5, 'colour', (ARRAY['red', 'blue', 'green'])[1 + n % 3]) AS properties
FROM generate_series(1, 300) p, generate_series(1, 20) n;
ALTER TABLE act ADD UNIQUE (line);

-- Trains, and tells which attributes the features are about.
CREATE FUNCTION roles(model text, options jsonb) RETURNS TABLE (role text, attributes text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model(model, 'public.act', $g$ kind = 'buy' $g$, '10 days', 'profile', 'at', 'kind',
        eligible_window => NULL, options => options || '{"algorithm": "logistic"}');
    PERFORM customer_ai.train(model, as_of => '2025-04-01');
    RETURN QUERY SELECT d.role, string_agg(DISTINCT d.attribute, ', ')
    FROM (SELECT CASE WHEN feature ~ '^sum_' THEN 'number' WHEN feature ~ '^cnt_.*=' THEN 'category' ELSE 'different values' END AS role,
            substring(feature FROM '^(?:sum_[^.]*\.|cnt_(?=.*=)|nuniq_)(.+?)(?:=.*)?_[^_]+$') AS attribute
        FROM customer_ai.describe_features(model)) d
    WHERE d.attribute IS NOT NULL GROUP BY d.role ORDER BY d.role;
END $$;
SELECT * FROM roles('automatic', '{}');
SELECT * FROM roles('some', '{"columns": ["amount", "plan"]}');
SELECT * FROM roles('most', '{"ignore": ["amount", "note", "due", "shop"]}');
SELECT * FROM roles('paths', $$ {"columns": ["quantity"], "attributes": {"size": "(properties->>'size')::int", "colour": "properties->>'colour'"}} $$);

-- Every value of these features, of everybody, as plain SQL computes it.
CREATE FUNCTION differences(model text) RETURNS TABLE (feature text, compared bigint, different bigint) LANGUAGE sql AS $$
    WITH known AS (SELECT *, properties->>'colour' AS colour, (properties->>'size')::int AS size FROM act WHERE at <= '2025-04-01'),
    own AS (SELECT profile::text,
            sum(amount) FILTER (WHERE kind = 'buy') AS "sum_buy.amount_all", sum(quantity) FILTER (WHERE kind = 'look') AS "sum_look.quantity_all",
            sum(gift::int) FILTER (WHERE kind = 'look') AS "sum_look.gift_all", sum(size) FILTER (WHERE kind = 'look') AS "sum_look.size_all",
            sum(extract(epoch FROM due - at) / 86400) FILTER (WHERE kind = 'look') AS "sum_look.due_all",
            sum(extract(epoch FROM seen AT TIME ZONE 'UTC' - at) / 86400) FILTER (WHERE kind = 'look') AS "sum_look.seen_all",
            count(*) FILTER (WHERE plan = 'pro') AS "cnt_plan=pro_all", count(*) FILTER (WHERE colour = 'red') AS "cnt_colour=red_all",
            count(*) FILTER (WHERE shop = md5('shop 3')::uuid) AS "cnt_shop=shop 3_all", count(DISTINCT order_id) AS nuniq_order_id_all,
            count(DISTINCT line) AS nuniq_line_all, count(DISTINCT note) AS nuniq_note_all
        FROM known GROUP BY profile)
    SELECT key, count(*), count(*) FILTER (WHERE abs(coalesce(v.value::numeric, 0) - coalesce(f.value::numeric, 0)) > 1e-9 * (1 + abs(coalesce(v.value::numeric, 0))))
    FROM customer_ai.features(model, as_of => '2025-04-01') f
    JOIN own USING (profile), LATERAL jsonb_each_text(to_jsonb(own) - 'profile') v(key, value)
    WHERE f.feature = replace(key, 'shop 3', md5('shop 3')::uuid::text) GROUP BY key ORDER BY key COLLATE "C" $$;
SELECT * FROM differences('automatic');
SELECT * FROM differences('paths');
SELECT feature, label, factor, unit FROM customer_ai.describe_features('paths') WHERE feature ~ '(size|colour).*(_all|^last)' ORDER BY feature COLLATE "C";
SELECT feature, label, factor, unit FROM customer_ai.describe_features('automatic') WHERE feature ~ 'look.due' ORDER BY feature COLLATE "C";
SELECT count(DISTINCT customer_ai.drop_model(model)) AS dropped FROM unnest(ARRAY['automatic', 'some', 'most', 'paths']) model;
DROP TABLE act;
DROP TYPE plan;
DROP FUNCTION roles, differences;
