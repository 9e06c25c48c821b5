-- Whole numbers that are identifiers by what they hold, whatever they are called; what tells least; columns of other types:
-- all of it is named, with the reason, and the values of the features are those of plain SQL.
\set ON_ERROR_STOP on
SET timezone = 'UTC';
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- p: profile, n: its event. running goes up with time, spread is drawn from nine digits, basket is one number for three
-- lines, ledger counts rows; cents, points and readings are amounts, each event's own or nearly so.
CREATE TABLE line AS
SELECT p AS profile, at, 1 + p % 3 AS quantity, (20 + 30 * draw('c' || p || '/' || n) ^ 3 * (1 + p % 7) * 100)::int AS cents,
    (extract(epoch FROM at - '2025-01-01') * 100)::bigint + p % 10 AS running, (draw('s' || p || '/' || n) * 1e9)::bigint AS spread,
    (draw('b' || p || '/' || n / 3) * 1e9)::numeric(12, 0) AS basket, row_number() OVER (ORDER BY p, n) AS ledger,
    (1e8 * draw('p' || p) + 1e6 * draw('q' || p || '/' || n))::int AS points, (1e6 * (p + n * draw('r' || p)))::bigint AS readings,
    tsrange(NULL, at::timestamp) AS during
FROM (SELECT p, n, timestamptz '2025-01-01' + (n * (1 + p % 5) + draw('t' || p || '/' || n)) * interval '1 day' AS at
    FROM generate_series(1, 300) p, generate_series(0, 29) n) e
WHERE draw('e' || p || '/' || n) < 0.3 + 0.1 * (p % 7);
CREATE FUNCTION learn(model text, options jsonb DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model(model, 'public.line', 'quantity > 0', '10 days', 'profile', 'at',
        options => options || '{"algorithm": "logistic", "allow_small": true}');
    PERFORM customer_ai.train(model, as_of => '2025-04-01');
END $$;

SELECT learn('line');
SELECT feature, label, factor, unit, left_out FROM customer_ai.describe_features('line') WHERE left_out IS NOT NULL;
SELECT check_name, found FROM customer_ai.check_model('line') AS c (check_name, expected, found, ok, hint)
WHERE check_name IN ('numbers taken for identifiers', 'columns left out') ORDER BY check_name;
-- Which there are features of; what somebody asks for is an amount.
CREATE FUNCTION amounts(model text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(DISTINCT substring(feature FROM '^sum_(?:.*\.)?(.+)_all$'), ', ') FROM customer_ai.describe_features(model) $$;
SELECT amounts('line');

SELECT learn('asked', '{"take_as": {"spread": "amount", "ledger": "category", "basket": "identifier"}}');
SELECT amounts('asked');
SELECT feature FROM customer_ai.describe_features('asked') WHERE left_out IS NULL AND feature ~ 'basket|ledger' ORDER BY feature COLLATE "C";
-- Their values, by plain SQL.
SELECT count(*) > 100 AS compared, count(*) FILTER (WHERE abs(f.value - k.spread) > 1e-9 * k.spread) AS different
FROM customer_ai.features('asked', as_of => '2025-04-01') f
JOIN (SELECT profile::text, sum(spread) AS spread FROM line WHERE at <= '2025-04-01' GROUP BY profile) k USING (profile)
WHERE f.feature ~ '^sum_.*spread_all$';
SELECT count(*) > 100 AS compared, count(*) FILTER (WHERE f.value <> k.baskets) AS different
FROM customer_ai.features('asked', as_of => '2025-04-01') f
JOIN (SELECT profile::text, count(DISTINCT basket) AS baskets FROM line WHERE at <= '2025-04-01' GROUP BY profile) k USING (profile)
WHERE f.feature = 'nuniq_basket_all';

-- Of 31 numbers the one that tells is kept, though it is the last by name; which that is, plain SQL says: the area under the
-- ROC curve of each number's last value against the outcome, farthest from one half.
CREATE TABLE wide AS
SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' AS at, s.*, r.level + draw('z' || p || '/' || d) / 10 AS zz
FROM generate_series(1, 300) p, generate_series(0, 119) d, LATERAL (SELECT draw('l' || p) AS level) r,
    LATERAL (SELECT
        draw('00' || p || d) n00, draw('01' || p || d) n01, draw('02' || p || d) n02, draw('03' || p || d) n03, draw('04' || p || d) n04,
        draw('05' || p || d) n05, draw('06' || p || d) n06, draw('07' || p || d) n07, draw('08' || p || d) n08, draw('09' || p || d) n09,
        draw('10' || p || d) n10, draw('11' || p || d) n11, draw('12' || p || d) n12, draw('13' || p || d) n13, draw('14' || p || d) n14,
        draw('15' || p || d) n15, draw('16' || p || d) n16, draw('17' || p || d) n17, draw('18' || p || d) n18, draw('19' || p || d) n19,
        draw('20' || p || d) n20, draw('21' || p || d) n21, draw('22' || p || d) n22, draw('23' || p || d) n23, draw('24' || p || d) n24,
        draw('25' || p || d) n25, draw('26' || p || d) n26, draw('27' || p || d) n27, draw('28' || p || d) n28, draw('29' || p || d) n29) s
WHERE draw('e' || p || '/' || d) < 0.15;
WITH last AS (SELECT DISTINCT ON (profile) * FROM wide WHERE at <= '2025-03-20' ORDER BY profile, at DESC),
outcome AS (SELECT profile, EXISTS (SELECT FROM wide w WHERE w.profile = last.profile AND w.zz > 0.8
        AND w.at > '2025-03-20' AND w.at <= '2025-03-30') AS met FROM last),
value AS (SELECT v.key, v.value::float8, met
    FROM last JOIN outcome USING (profile), LATERAL jsonb_each_text(to_jsonb(last) - 'profile' - 'at') v (key, value))
SELECT key, round(abs(avg((up.value > down.value)::int) - 0.5), 2) AS from_chance
FROM value up JOIN value down USING (key) WHERE up.met AND NOT down.met GROUP BY key ORDER BY 2 DESC, key LIMIT 2;
SELECT customer_ai.create_model('wide', 'wide', 'zz > 0.8', '10 days', 'profile', 'at', options => '{"algorithm": "logistic"}');
SELECT version, auc > 0.9 AS good FROM customer_ai.train('wide');
SELECT count(*) FILTER (WHERE feature ~ '^sum_.*_all$' AND left_out IS NULL) AS kept,
    count(*) FILTER (WHERE feature ~ '^sum_.*zz_all$') AS zz, count(*) FILTER (WHERE left_out IS NOT NULL) AS left_out
FROM customer_ai.describe_features('wide');
SELECT feature, left_out FROM customer_ai.describe_features('wide') WHERE left_out IS NOT NULL;
SELECT count(DISTINCT customer_ai.drop_model(model)) AS dropped FROM unnest(ARRAY['line', 'asked', 'wide']) model;
DROP TABLE line, wide;
DROP FUNCTION learn, amounts, draw;
