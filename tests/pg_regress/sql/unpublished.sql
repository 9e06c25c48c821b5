-- score(publish => false): a run that is judged but not shown. backtest_profiles. explain in points and times. A model so weak
-- that nobody is in the bucket high.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET DateStyle = 'ISO';
SET client_min_messages = error;
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 300 profiles who come the more often the higher profile % 10, every day of 160.
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN draw(p || '/' || d) < (p % 10) / 22.0 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 300) p, generate_series(0, 160) d WHERE draw(d || '-' || p) < (1 + p % 10) / 60.0;
SELECT customer_ai.create_model('buy', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"keep_runs": 2}') AS model;
SELECT version FROM customer_ai.train('buy', as_of => '2025-05-15');

-- before anything is shown there is nothing to see
SELECT run AS hidden FROM customer_ai.score('buy', as_of => '2025-05-15', publish => false) \gset
SELECT count(*) AS shown FROM buy_scores;
SELECT count(*) > 250 AS kept, bool_and(run = -:hidden) AS with_a_minus FROM buy_score_history;
SELECT scored_at IS NULL AS never_scored FROM customer_ai.models;
SELECT * FROM customer_ai.summary('buy');
SELECT sum(profiles) > 250 AS charted FROM customer_ai.summary('buy', run => :hidden);
SELECT percentile FROM customer_ai.predict('buy', 7);
-- it is judged
SELECT (SELECT value FROM customer_ai.evaluate('buy', run => :hidden) WHERE metric = 'positives') = (SELECT count(*) FROM buy_score_history s WHERE EXISTS (
    SELECT FROM visit v WHERE v.profile = s.profile AND v.kind = 'buy' AND v.at > s.scored_at AND v.at <= s.scored_at + interval '14 days')) AS as_by_hand;
SELECT count(*) FILTER (WHERE actual IS NOT NULL) AS buckets FROM customer_ai.performance('buy');

-- shown scores, segments and predictions go on with what is shown
SELECT run AS shown FROM customer_ai.score('buy') \gset
SELECT customer_ai.create_segment('public.upper_half', 'buy', 'percentile > 50') AS segment;
SELECT count(*) AS before FROM upper_half \gset
SELECT run AS second FROM customer_ai.score('buy', as_of => '2025-03-01', publish => false) \gset
SELECT run AS third FROM customer_ai.score('buy', as_of => '2025-03-15', publish => false) \gset
SELECT run AS fourth FROM customer_ai.score('buy', as_of => '2025-04-01', publish => false) \gset
SELECT bool_and(run = :shown) AS shown FROM buy_scores;
SELECT count(*) = :before AS same FROM upper_half;
SELECT published, count(*) FROM customer_ai.runs WHERE kind = 'score' GROUP BY 1 ORDER BY 1;
SELECT DISTINCT run = :shown AS of_the_shown FROM customer_ai.summary('buy');
-- two are kept of each
SELECT array_agg(DISTINCT run ORDER BY run) = ARRAY[-:fourth, -:third, :shown]::bigint[] AS kept FROM buy_score_history;
SELECT sum(profiles) > 250 AS moved FROM customer_ai.migration('buy', :third, :shown);
SELECT sum(rows) > 2 AS forgotten FROM customer_ai.forget('buy', '7');
SELECT count(*) FROM buy_score_history WHERE profile = 7;
SELECT * FROM customer_ai.score('buy', publish => NULL);

-- backtest, profile by profile
SELECT count(*) = t.test_profiles AS all_profiles, abs(avg(p.probability) - t.mean_probability) < 1e-12 AS mean, abs(avg(p.outcome::int) - t.base_rate) < 1e-12 AS rate,
    bool_and(p.outcome = EXISTS (SELECT FROM visit v WHERE v.profile::text = p.profile AND v.kind = 'buy' AND v.at > p.cutoff AND v.at <= p.cutoff + interval '14 days')) AS outcomes
FROM customer_ai.backtest_profiles('buy', '2025-05-01') p, customer_ai.backtest('buy', '2025-05-01') t GROUP BY t.test_profiles, t.mean_probability, t.base_rate;
SELECT * FROM customer_ai.backtest_profiles('buy', NULL);

-- explain: in log-odds it adds up; points and times follow from the probability; the tail is one row unless asked for
SELECT abs(1 / (1 + exp(-sum(impact))) - p.probability) < 1e-6 AS adds_up, count(*) FILTER (WHERE factor ~ '^\d+ other factors?$') AS tails,
    bool_and(abs(impact) >= 0.05 OR rank = 0 OR factor ~ ' other ') AS shown,
    bool_and(rank = 0 OR abs(points - 100 * (p.probability - 1 / (1 + exp(impact - ln(p.probability / (1 - p.probability)))))) < 1e-6) AS points,
    bool_and(rank = 0 OR abs(times - p.probability / (p.probability - points / 100)) < 1e-6) AS times
FROM customer_ai.explain('buy', 9) e, customer_ai.predict('buy', 9) p GROUP BY p.probability;
SELECT abs(1 / (1 + exp(-sum(impact))) - p.probability) < 1e-6 AS adds_up, count(*) FILTER (WHERE factor ~ ' other ') AS tails,
    count(*) = 1 + (SELECT count(*) FROM customer_ai.importance('buy')) AS every_one
FROM customer_ai.explain('buy', 9, every_factor => true) e, customer_ai.predict('buy', 9) p GROUP BY p.probability;
SELECT * FROM customer_ai.explain('buy', 9, every_factor => NULL);

-- so weak that nobody is in the bucket high
SELECT customer_ai.create_model('weak', 'visit', $$ profile % 2 = 0 AND kind = 'look' $$, '14 days', 'profile', 'at', 'kind',
    options => '{"ignore": ["profile"], "buckets": [98, 99]}') AS model;
SELECT version FROM customer_ai.train('weak');
SET client_min_messages = notice;
SELECT high FROM customer_ai.score('weak');
SELECT customer_ai.create_segment('public.best', 'weak', $$ bucket = 'high' $$) AS segment;
SELECT customer_ai.create_segment('public.tenth', 'weak', $$ percentile > 90 $$) AS segment;
SET client_min_messages = error;
-- a drill-down shows the factor that says most, as none pushes a high score
SELECT customer_ai.plot('weak', 'drilldown') LIKE '<svg %' AS drawn;
SELECT count(*) BETWEEN (SELECT count(*) FROM weak_scores) / 10 - 3 AND (SELECT count(*) FROM weak_scores) / 10 + 3 AS a_tenth FROM tenth;

DO $$ DECLARE m text; BEGIN FOR m IN SELECT name FROM customer_ai.model LOOP PERFORM customer_ai.drop_model(m); END LOOP; END $$;
DROP FUNCTION draw;
DROP TABLE visit;
