-- What people call columns, event types and values: in every word, in no figure; nothing is trained again.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA lab;
CREATE TABLE lab.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'buy_ok' ELSE 'W_look' END AS what,
        (p * d) % 97 AS amt, CASE p % 3 WHEN 0 THEN 'FR' ELSE 'DE' END AS country
    FROM generate_series(1, 400) p, generate_series(0, 240, 4) d
    WHERE (p * 13 + d * 7) % 11 < 3 + p % 5 AND (p % 3 > 0 OR d < 60 + p % 170);
COMMENT ON COLUMN lab.orders.country IS 'land';
COMMENT ON COLUMN lab.orders.amt IS 'What the customer paid for all items of the order, VAT and shipping included';
SELECT customer_ai.create_model('lab', 'lab.orders', $$ what = 'buy_ok' $$, '30 days', 'customer_id', 'at', 'what',
    options => '{"factors": 10}');
SELECT version FROM customer_ai.train('lab', activate => 'always');
SELECT profiles > 100 AS scored FROM customer_ai.score('lab');
CREATE TABLE lab.before AS SELECT s.*, f.* FROM lab.lab_scores s, jsonb_to_recordset(factors) AS f (factor text, name text,
    value text, number float8, phrase text, impact float8, points float8, times float8, direction text, importance text);
CREATE TABLE lab.features AS SELECT * FROM customer_ai.describe_features('lab');

-- A short comment is a label, a description is none; each effect in points of probability and as times as likely.
SELECT DISTINCT factor FROM lab.before WHERE factor ~ 'country|land' ORDER BY 1;
SELECT count(*) FROM lab.features WHERE factor ~ 'VAT';
SELECT count(*) > 100 AS effects, max(abs(points - 100 * (probability - 1 / (1 + exp(impact - ln(probability / (1 - probability))))))) < 1e-3 AS points,
    max(abs(times - probability / (1 / (1 + exp(impact - ln(probability / (1 - probability))))))) < 1e-3 AS times,
    bool_and(direction = CASE WHEN points < 0 THEN 'lowers' ELSE 'raises' END) AS directions FROM lab.before;

-- Labels, with a unit; of event types and values.
SELECT customer_ai.describe_column('lab', 'amt', 'order value', unit => '€');
SELECT customer_ai.describe_column('lab', 'event', 'purchase', value => 'buy_ok');
SELECT customer_ai.describe_column('lab', 'what', 'visit of the <script>alert(1)</script> page', value => 'W_look');
SELECT customer_ai.describe_column('lab', 'country', 'country');
SELECT customer_ai.describe_column('lab', 'country', 'France', value => 'FR');
SELECT * FROM customer_ai.labels;
SELECT action, object, old - 'owner' AS old, new - 'owner' AS new FROM customer_ai.audit WHERE model = 'lab' AND action LIKE '%label' ORDER BY at;

-- Features keep their names, and all words change: of features, of a live prediction, of charts and of the page.
SELECT count(*) > 40 AS features, bool_and(f.feature IS NOT NULL AND b.feature IS NOT NULL AND f.unit IS NOT DISTINCT FROM b.unit) AS same,
    count(*) FILTER (WHERE f.label || f.factor ~ 'amt|buy_ok|W_look|land|\mFR\M') AS in_other_words
FROM customer_ai.describe_features('lab') f FULL JOIN lab.features b USING (feature);
SELECT f.label FROM customer_ai.describe_features('lab') f WHERE feature IN ('sum_buy_ok.amt_W', 'rec_buy_ok', 'cnt_country=FR_all') ORDER BY feature;
-- Nothing that is predicted has changed, and no training is asked for.
SET client_min_messages = notice;
SELECT p.probability = s.probability AS same FROM lab.lab_scores s, customer_ai.predict('lab', s.customer_id) p WHERE s.customer_id = 7;
SELECT profiles > 100 AS scored FROM customer_ai.score('lab');
SET client_min_messages = error;
SELECT count(*) FILTER (WHERE s.probability <> b.probability OR f.impact <> b.impact OR f.points <> b.points) AS different,
    bool_and(f.name IS NULL OR f.name = b.factor) AS own_names, count(DISTINCT f.name) > 3 AS renamed,
    bool_or(f.factor || f.phrase || coalesce(f.value, '') ~ 'amt|buy_ok|W_look|land|\mFR\M') AS old_words,
    bool_or(f.phrase ~ 'order value of purchase events.*: €\d') AS currency
FROM lab.before b JOIN lab.lab_scores s USING (customer_id), jsonb_to_recordset(s.factors) AS f (factor text, name text,
    value text, phrase text, impact float8, points float8)
WHERE coalesce(f.name, f.factor) = b.factor;
SELECT string_agg(DISTINCT source, ', ' ORDER BY source) AS renamed FROM (
    SELECT 'importance' AS source, factor FROM customer_ai.importance('lab')
    UNION ALL SELECT 'drift', name FROM customer_ai.drift('lab')
    UNION ALL SELECT 'bucket_factors', factor FROM customer_ai.bucket_factors('lab', 'low')
    UNION ALL SELECT 'explain', factor FROM customer_ai.explain('lab', 7, every_factor => true)) w WHERE factor ~ 'purchase';
SELECT count(*) AS old_words FROM (
    SELECT factor FROM customer_ai.importance('lab') UNION ALL SELECT name FROM customer_ai.drift('lab')
    UNION ALL SELECT factor FROM customer_ai.bucket_factors('lab', 'low') UNION ALL SELECT factor FROM customer_ai.explain('lab', 7)) w
WHERE factor ~ 'amt|buy_ok|W_look|land';
-- A drill-down by either name.
SELECT a.bin = b.bin AND a.profiles = b.profiles AS same FROM customer_ai.drilldown('lab', 'country = France') a
JOIN customer_ai.drilldown('lab', 'country = FR') b USING (bin, bucket) LIMIT 1;
SELECT customer_ai.plot('lab', 'importance') ~ 'purchase' AS chart, customer_ai.plot('lab', 'importance') ~ '<script' AS markup,
    page ~ 'order value' AS page, page ~ '<script' AS markup FROM customer_ai.report('lab') page;
-- has_factor finds a factor by its own name too.
SELECT count(*) > 0 AS found, count(*) FILTER (WHERE customer_ai.has_factor(factors, f ->> 'factor')
    AND customer_ai.has_factor(factors, coalesce(f ->> 'name', f ->> 'factor'), f ->> 'direction')) = count(*) AS by_both
FROM lab.lab_scores, jsonb_array_elements(factors) f;

-- What two share, they have with their names behind it.
SELECT customer_ai.describe_column('lab', 'event', 'purchase', value => 'W_look');
SELECT DISTINCT factor FROM customer_ai.describe_features('lab') WHERE factor ~ 'since the last purchase' ORDER BY 1;

-- NULL takes it back; a unit alone stays.
SELECT customer_ai.describe_column('lab', 'amt', NULL, unit => 'EUR');
SELECT customer_ai.describe_column('lab', 'country', NULL, unit => 'EU');
SELECT DISTINCT factor FROM customer_ai.describe_features('lab') WHERE factor ~ 'land' ORDER BY 1;
SELECT customer_ai.describe_column('lab', 'country', NULL);
SELECT customer_ai.describe_column('lab', column_name, NULL, value => value) FROM customer_ai.labels WHERE column_name <> 'amt';
SELECT * FROM customer_ai.labels;
SELECT bool_or(f.value ~ ' EUR$') AS euros FROM customer_ai.predict('lab', 7) p, jsonb_to_recordset(p.factors) AS f (value text);

-- What is refused.
SET client_min_messages = notice;
SELECT customer_ai.describe_column('lab', 'amount', 'order value');
SELECT customer_ai.describe_column('lab', 'zzzz', 'order value');
SELECT customer_ai.describe_column('lab', 'amt', E'two\nlines');
SELECT customer_ai.describe_column('lab', 'amt', E'a\u202Eb');
SELECT customer_ai.describe_column('lab', 'amt', '');
SELECT customer_ai.describe_column('lab', 'amt', ' x');
SELECT customer_ai.describe_column('lab', 'amt', repeat('x', 10000));
SELECT customer_ai.describe_column('lab', 'amt', 'x', unit => repeat('x', 13));
SELECT customer_ai.describe_column('lab', 'country', 'x', unit => 'EUR', value => 'FR');
SELECT customer_ai.describe_column('lab', 'country', 'x', value => repeat('x', 10000));
SELECT customer_ai.describe_column('lab', NULL, 'x');
BEGIN TRANSACTION READ ONLY;
SELECT customer_ai.describe_column('lab', 'amt', 'x');
ROLLBACK;
CREATE ROLE lab_other;
SET ROLE lab_other;
SELECT customer_ai.describe_column('lab', 'amt', 'mine');
SELECT * FROM customer_ai.labels;
RESET ROLE;
DROP ROLE lab_other;

-- A copy and a move take them along.
SET client_min_messages = error;
SELECT customer_ai.describe_column('lab', 'event', 'purchase', value => 'buy_ok');
SELECT customer_ai.clone_model('lab', 'lab2');
SELECT customer_ai.import_model(customer_ai.export_model('lab'), 'lab3');
SELECT * FROM customer_ai.labels ORDER BY model, column_name;
SELECT p.probability = q.probability AND p.factors = q.factors AS same FROM customer_ai.predict('lab', 7, '2025-08-01') p, customer_ai.predict('lab3', 7, '2025-08-01') q;
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
SELECT count(*) FROM customer_ai.label;
DROP SCHEMA lab CASCADE;
