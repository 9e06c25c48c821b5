-- From real invoices to scores, reasons and a segment. Run by make demo in a private cluster, or from the top
-- folder of the project in any database that is yours to fill: psql -f demo/demo.sql
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\pset null '-'
SET client_min_messages = warning;
SELECT clock_timestamp() AS started \gset

\echo
\echo '== 1. The events: invoices of a British online shop, 2010-12 to 2011-12 (UCI Online Retail) =='
\echo
\ir load.sql
SELECT * FROM shop.orders WHERE customer_id = 17850 ORDER BY ordered_at LIMIT 3;
SELECT event, count(*) AS events, count(DISTINCT customer_id) AS customers, min(ordered_at)::date AS first,
    max(ordered_at)::date AS last, round(sum(revenue)) AS revenue
FROM shop.orders GROUP BY event ORDER BY events DESC;

\echo '== 2. Two questions, in SQL =='
\echo
\echo 'repurchase: who will buy in the next 30 days?'
\echo 'churn:      who bought in the last 90 days and will not buy in the next 60?'
\echo
CREATE EXTENSION IF NOT EXISTS customer_ai;
SELECT customer_ai.create_model('repurchase', 'shop.orders',
    goal            => $$ event = 'purchase' $$,
    outcome_window  => '30 days',
    profile_column  => 'customer_id',
    time_column     => 'ordered_at',
    type_column     => 'event',
    eligible        => $$ event = 'purchase' $$,
    eligible_window => NULL) AS model;
SELECT customer_ai.create_model('churn', 'shop.orders',
    goal            => $$ event = 'purchase' $$,
    occurs          => false,
    kind            => 'churn',
    outcome_window  => '60 days',
    profile_column  => 'customer_id',
    time_column     => 'ordered_at',
    type_column     => 'event',
    eligible        => $$ event = 'purchase' $$,
    eligible_window => '90 days') AS model;

\echo '== 3. Is the data good enough? =='
\echo
SELECT "check", required, actual, ok FROM customer_ai.check_model('repurchase');
\echo 'Not fresh, because the shop closed its books in 2011: predictions are made as of its newest event.'
\echo

\echo '== 4. Train: area under the ROC curve on later events than it learned from, beside two simple rules =='
\echo
SELECT model, version, examples, positives, round(auc::numeric, 3) AS auc,
    format('%s to %s', round(auc_low::numeric, 3), round(auc_high::numeric, 3)) AS "95 % interval",
    round(recency_auc::numeric, 3) AS "by recency", round(rfm_auc::numeric, 3) AS "by RFM", activated
FROM (VALUES ('repurchase'), ('churn')) m (model), LATERAL customer_ai.train(model);

\echo '== 5. Score every customer =='
\echo
SELECT model, run, version, as_of::date, profiles, low, medium, high, round(seconds::numeric, 2) AS seconds
FROM (VALUES ('repurchase'), ('churn')) m (model), LATERAL customer_ai.score(model);

\echo '== 6. Scores are an ordinary relation: the ten likeliest to buy, and why =='
\echo
SELECT s.customer_id AS customer, round(100 * s.probability::numeric, 1) AS "chance, %", s.score, why.phrases AS why
FROM shop.repurchase_scores s,
    LATERAL (SELECT string_agg(f ->> 'phrase', E'\n') AS phrases FROM jsonb_array_elements(s.factors) f) why
ORDER BY s.probability DESC, s.customer_id LIMIT 10;

\echo '== 7. By bucket =='
\echo
SELECT bucket, count(*) AS customers, min(score) AS "from", max(score) AS "to",
    round(100 * avg(probability)::numeric, 1) AS "mean chance, %"
FROM shop.repurchase_scores GROUP BY bucket ORDER BY "from" DESC;

\echo '== 8. One customer, live from the newest events: all reasons, adding up to the prediction =='
\echo
SELECT customer_id AS profile FROM shop.churn_scores ORDER BY probability DESC, customer_id LIMIT 1 \gset
\echo 'churn of customer' :profile
SELECT round(100 * probability::numeric, 1) AS "chance, %", score, percentile, bucket
FROM customer_ai.predict('churn', :'profile');
SELECT rank, factor, value, round(impact::numeric, 3) AS impact, direction, importance
FROM customer_ai.explain('churn', :'profile') ORDER BY rank LIMIT 12;

\echo '== 9. A segment: likely to buy, and worth a call =='
\echo
SELECT customer_ai.create_segment('shop.likely_buyers', 'repurchase', $$ bucket = 'high' $$,
    description => 'customers who will probably buy within 30 days') AS segment;
SELECT count(DISTINCT customer_id) AS customers, round(sum(o.revenue)) AS "revenue so far",
    round(100 * sum(o.revenue) / (SELECT sum(revenue) FROM shop.orders), 1) AS "share of all, %"
FROM shop.likely_buyers JOIN shop.orders o USING (customer_id);

\echo '== 10. Is it good? Tenths of customers at later dates than it learned from: buyers expected, and buyers there were =='
\echo
SELECT tenth, profiles AS customers, round(expected::numeric, 1) AS expected, positives AS actual,
    round(lift::numeric, 2) AS lift, round(100 * captured::numeric) AS "caught, %"
FROM customer_ai.gains('repurchase');

\echo '== 11. All of it on one page, for who decides, and as pictures =='
\echo
\if :{?pages}
\else
\set pages `folder=$(mktemp -d /tmp/customer_ai_demo.XXXX) && chmod 755 "$folder" && echo "$folder"`
\endif
\pset format unaligned
\pset tuples_only on
\cd :pages
\o repurchase.html
SELECT customer_ai.report('repurchase');
\o churn.html
SELECT customer_ai.report('churn');
\o tenths.svg
SELECT customer_ai.plot('repurchase', 'tenths');
\o distribution.svg
SELECT customer_ai.plot('repurchase', 'distribution');
\o importance.svg
SELECT customer_ai.plot('repurchase', 'importance');
\o
\pset format aligned
\pset tuples_only off
\echo 'Open in a browser:'
\echo '  file://':pages'/repurchase.html'
\echo '  file://':pages'/churn.html'
\echo 'and as pictures, beside them: tenths.svg, distribution.svg, importance.svg'
\echo

\echo '== 12. What the segment gained and lost since 9 November =='
\echo
SELECT as_of::date, profiles, high FROM customer_ai.score('repurchase', '2011-11-09');
SELECT as_of::date, profiles, high FROM customer_ai.score('repurchase');
SELECT run, profiles, entered, gone FROM customer_ai.segment_sizes WHERE segment = 'shop.likely_buyers' ORDER BY at;
SELECT change, count(*) AS customers, string_agg(profile, ', ' ORDER BY profile) FILTER (WHERE rank <= 5) AS "five of them"
FROM (SELECT change, profile, row_number() OVER (PARTITION BY change ORDER BY profile) AS rank
    FROM customer_ai.segment_changes
    WHERE segment = 'shop.likely_buyers' AND run = (SELECT max(run) FROM shop.repurchase_scores)) c
GROUP BY change;

\echo '== 13. A second version, and the way back =='
\echo
SELECT version, activated FROM customer_ai.train('repurchase', activate => 'always');
SELECT customer_ai.rollback('repurchase') AS rolled_back;
SELECT version, active FROM customer_ai.versions WHERE model = 'repurchase' ORDER BY version;

\echo '== 14. Every night: train if due, score, refresh the segments =='
\echo
CALL customer_ai.refresh('repurchase');
SELECT coalesce(current_setting('cron.database_name', true) = current_database(), false) AS has_cron \gset
\if :has_cron
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT customer_ai.schedule('repurchase', '0 3 * * *') AS job;
SELECT model, schedule, next_run, stale FROM customer_ai.schedules;
\else
\echo 'With pg_cron: SELECT customer_ai.schedule(''repurchase'', ''0 3 * * *'');'
\echo 'In a crontab: 0 3 * * * psql -d shop -c "CALL customer_ai.refresh(''repurchase'')"'
\echo
\endif
SELECT run, kind, status, version FROM customer_ai.runs WHERE model = 'repurchase' ORDER BY run DESC LIMIT 3;

SELECT 'The demo took ' || round(extract(epoch FROM clock_timestamp() - :'started'::timestamptz), 1)
    || ' s on this machine.' AS took \gset
\echo :took
\echo
\echo 'Where to go next'
\echo '  make install              the extension in your own PostgreSQL'
\echo '  CREATE EXTENSION customer_ai;'
\echo '  README.md                 Getting Started, with your own table of events'
\echo '  \\df+ customer_ai.*        every function with a comment'
\echo
