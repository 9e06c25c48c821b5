-- plot and report: every chart there is, for who may use the model; what they refuse; no transaction id; values are never markup.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE SCHEMA pic;
CREATE TABLE pic.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE '<script>alert(1)</script>' END AS event,
        (p * d) % 97 AS amount, CASE p % 3 WHEN 0 THEN '</style><script>alert(2)</script>' ELSE 'DE' END AS country
    FROM generate_series(1, 400) p, generate_series(0, 240, 4) d
    WHERE (p * 13 + d * 7) % 11 < 3 + p % 5 AND (p % 3 > 0 OR d < 60 + p % 170);
SELECT customer_ai.create_model('pic', 'pic.orders', $$ event = 'purchase' AND '<script>' < event $$, '30 days', 'customer_id', 'at',
    'event', description => '<script>alert(3)</script>', options => '{"algorithm": "logistic"}');

-- Nothing to show yet.
SELECT customer_ai.plot('pic', 'gains');
SELECT customer_ai.plot('pic', 'importance');
SELECT customer_ai.report('pic');
SELECT version FROM customer_ai.train('pic', activate => 'always');
SELECT customer_ai.plot('pic', 'distribution');
SELECT customer_ai.report('pic') LIKE '%No profile has been scored yet.%' AS not_scored;
SELECT profiles > 0 AS scored FROM customer_ai.score('pic');
SELECT customer_ai.create_segment('pic.likely', 'pic', 'percentile > 90 AND ''<script>'' < bucket', '<script>alert(4)</script>');

-- Every chart that the error lists is one picture with a text alternative.
SELECT customer_ai.plot('pic', 'gain');
SELECT customer_ai.plot('pic', '</svg>');
SELECT customer_ai.plot('pic', NULL);
SELECT customer_ai.plot('nobody', 'gains');
DO $$
DECLARE
    required text;
    chart text;
    svg text;
BEGIN
    BEGIN
        PERFORM customer_ai.plot('pic', '');
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS required = PG_EXCEPTION_DETAIL;
    END;
    FOREACH chart IN ARRAY string_to_array(substring(required FROM 'one of ([a-z_, ]+)'), ', ') LOOP
        svg := customer_ai.plot('pic', chart);
        RAISE INFO '%: %', chart, xmlparse(DOCUMENT svg) IS NOT NULL
            AND svg LIKE '<svg %role="img"%<title>_%</title>%<desc>_%</desc>%' AND svg NOT LIKE '%<script%';
    END LOOP;
END $$;

-- The tenths of the picture are those of the function: each column is as high as its number.
WITH actual AS (
    SELECT high::text::float8, tenth
    FROM xmlparse(DOCUMENT customer_ai.plot('pic', 'tenths')) svg,
        unnest((xpath('//s:rect[@fill="#0072B2"]/@height', svg, '{{s,http://www.w3.org/2000/svg}}'))[2:]) WITH ORDINALITY h (high, tenth))
SELECT count(*) AS tenths, bool_and(abs(a.high / f.high - g.positives::float8 / f.positives) < 0.01) AS as_high_as_their_numbers
FROM actual a JOIN customer_ai.gains('pic') g USING (tenth),
    (SELECT a.high, g.positives FROM actual a JOIN customer_ai.gains('pic') g USING (tenth) WHERE tenth = 1) f;

-- The page: no value is markup, nothing is written, nobody else may read it.
SELECT page LIKE '<!DOCTYPE html>%</html>' AS whole, page NOT LIKE '%<script%' AS tame,
    page LIKE '%&lt;script&gt;alert(3)%' AS described, page LIKE '%&lt;script&gt;alert(4)%' AS segment_there,
    page NOT SIMILAR TO '%(src|href)=%' AS alone
FROM customer_ai.report('pic') page;
BEGIN TRANSACTION READ ONLY;
SELECT length(customer_ai.report('pic')) > 10000 AS page, length(customer_ai.plot('pic', 'roc')) > 1000 AS chart,
    pg_current_xact_id_if_assigned() IS NULL AS without_transaction_id;
COMMIT;
CREATE ROLE pic_other;
SET ROLE pic_other;
SELECT customer_ai.report('pic');
SELECT customer_ai.plot('pic', 'gains');
RESET ROLE;
DROP ROLE pic_other;
SELECT customer_ai.drop_model('pic');
DROP SCHEMA pic CASCADE;
