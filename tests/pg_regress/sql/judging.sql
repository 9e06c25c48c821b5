-- evaluate, gains, roc, calibration, thresholds, best_threshold: of a version's held-out rows and of a past run by what
-- came true, which plain SQL says as well. Figures of scikit-learn are compared in crates/propensity/tests/judge.rs.
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
SELECT customer_ai.create_model('buy', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind') AS model;
SELECT customer_ai.create_model('often', 'visit', $$ count(*) FILTER (WHERE kind = 'buy') < 2 $$, '14 days', 'profile', 'at',
    'kind', occurs => false) AS model;

-- nothing to judge
SELECT * FROM customer_ai.evaluate('buy');
SELECT * FROM customer_ai.gains(NULL);
SELECT * FROM customer_ai.roc('bye');

SELECT auc, log_loss, brier, average_precision, calibration_error FROM customer_ai.train('buy', as_of => '2025-05-15') \gset
SELECT version FROM customer_ai.train('often', as_of => '2025-05-15');

-- the held-out rows: what train said of them, beside simple rules, each with an interval where there is one
SELECT metric, value BETWEEN low AND high AS within, judged_on FROM customer_ai.evaluate('buy');
SELECT bool_and(CASE metric WHEN 'auc' THEN value = :auc WHEN 'log_loss' THEN abs(value - :log_loss) < 1e-12
    WHEN 'brier' THEN abs(value - :brier) < 1e-12 WHEN 'average_precision' THEN abs(value - :average_precision) < 1e-12
    WHEN 'calibration_error' THEN abs(value - :calibration_error) < 1e-12 END) AS as_trained FROM customer_ai.evaluate('buy');
SELECT count(*) AS tenths, sum(profiles) = (v.report #>> '{hold_out,rows}')::int AS all_rows,
    sum(positives) = (v.report #>> '{hold_out,positives}')::int AS all_positives,
    abs(sum(expected) - sum(profiles) * (v.report #>> '{hold_out,model,mean_probability}')::float8) < 1e-6 AS all_expected,
    max(captured) AS captured, (array_agg(lift ORDER BY tenth))[1] > 1.3 AS first_lifts
FROM customer_ai.gains('buy') g, (SELECT report FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id WHERE m.name = 'buy') v GROUP BY v.report;
-- the area under the thinned curve is about that of all points
SELECT abs(sum((x - before_x) * (y + before_y) / 2) - :auc) < 0.003 AS area, max(x) AS x, max(y) AS y, count(*) FILTER (WHERE probability IS NULL) AS beginnings
FROM (SELECT probability, false_positive_rate AS x, true_positive_rate AS y, lag(false_positive_rate) OVER w AS before_x,
    lag(true_positive_rate) OVER w AS before_y FROM customer_ai.roc('buy')
    WINDOW w AS (ORDER BY false_positive_rate, true_positive_rate)) c;
SELECT count(*) AS bins, abs(sum(abs(expected - actual) * profiles) / sum(profiles) - :calibration_error) < 1e-12 AS as_trained,
    bool_and(low <= actual AND actual <= high AND from_probability <= expected AND expected <= to_probability) AS within
FROM customer_ai.calibration('buy');
SELECT count(*) AS scores, bool_and(wasted = profiles - positives) AS wasted, bool_and(precision IS NULL OR precision = positives::float8 / profiles) AS precise,
    bool_and(profiles <= before) AS falls FROM (SELECT *, lag(profiles, 1, profiles) OVER (ORDER BY score) AS before FROM customer_ai.thresholds('buy')) t;
-- the best of all thresholds; nobody pays; all pay
SELECT b.score = t.score AS best, b.profit = t.profit AS profit, break_even
FROM customer_ai.best_threshold('buy', cost => 1, gain => 2) b, LATERAL (SELECT score, 2 * positives - profiles AS profit
    FROM customer_ai.thresholds('buy') ORDER BY 2 DESC, 1 DESC LIMIT 1) t;
SELECT score, break_even, profiles, reach, positives, captured, precision, wasted, profit, profit_of_all < 0 AS loss FROM customer_ai.best_threshold('buy', 10, 5);
SELECT captured, profit = profit_of_all AS all_pay FROM customer_ai.best_threshold('buy', cost => 0, gain => 1e6);
SELECT * FROM customer_ai.best_threshold('buy', -1, 5);
SELECT * FROM customer_ai.best_threshold('buy', 1, 0);
SELECT * FROM customer_ai.best_threshold('buy', 'NaN', 1);
SELECT * FROM customer_ai.best_threshold('buy', 1, NULL);

-- a version by its number
SELECT version, activated FROM customer_ai.train('buy', as_of => '2025-04-15', activate => 'never');
SELECT DISTINCT judged_on FROM customer_ai.evaluate('buy', version => 2);
SELECT (SELECT value FROM customer_ai.evaluate('buy', 2) WHERE metric = 'auc') = auc AS same FROM customer_ai.versions WHERE model = 'buy' AND version = 2;
SELECT * FROM customer_ai.evaluate('buy', version => 9);

-- a run whose window has passed, one whose has not, and none
SELECT run AS past FROM customer_ai.score('buy', as_of => '2025-05-15') \gset
SELECT run AS often FROM customer_ai.score('often', as_of => '2025-05-16 12:00') \gset
SELECT run AS open FROM customer_ai.score('buy', as_of => '2025-06-01') \gset
CREATE FUNCTION judged(scores regclass, of_run bigint, fewest int) RETURNS TABLE (probability float8, outcome boolean) LANGUAGE plpgsql AS $$ BEGIN
    RETURN QUERY EXECUTE format('SELECT s.probability, (SELECT count(*) FROM visit v WHERE v.profile = s.profile AND v.kind = ''buy''
        AND v.at > s.scored_at AND v.at <= s.scored_at + interval ''14 days'') >= %s FROM %s s WHERE run = %s', fewest, scores, of_run); END $$;
SELECT metric, CASE WHEN metric IN ('rows', 'positives') THEN value = (SELECT CASE metric WHEN 'rows' THEN count(*) ELSE count(*) FILTER (WHERE outcome) END FROM judged('buy_score_history', :past, 1))
    WHEN metric = 'mean_probability' THEN abs(value - (SELECT avg(probability) FROM judged('buy_score_history', :past, 1))) < 1e-12
    WHEN metric = 'base_rate' THEN abs(value - (SELECT avg(outcome::int) FROM judged('buy_score_history', :past, 1))) < 1e-12
    WHEN metric = 'brier' THEN abs(value - (SELECT avg((probability - outcome::int) ^ 2) FROM judged('buy_score_history', :past, 1))) < 1e-12
    WHEN metric = 'auc' THEN abs(value - (SELECT avg(CASE WHEN p.probability > n.probability THEN 1 WHEN p.probability = n.probability THEN 0.5 ELSE 0 END)
        FROM judged('buy_score_history', :past, 1) p, judged('buy_score_history', :past, 1) n WHERE p.outcome AND NOT n.outcome)) < 1e-12 END AS as_by_hand,
    regexp_replace(replace(judged_on, :'past', 'N'), '\d{4}-\d\d-\d\d', 'a day') AS judged_on
FROM customer_ai.evaluate('buy', run => :past);
SELECT bool_and(t.profiles = h.profiles AND t.positives = h.positives) AS as_by_hand FROM customer_ai.thresholds('buy', run => :past) t, LATERAL (
    SELECT count(*) AS profiles, count(*) FILTER (WHERE outcome) AS positives FROM judged('buy_score_history', :past, 1) j
    JOIN buy_score_history s ON s.run = :past AND s.probability = j.probability AND s.score >= t.score) h WHERE t.score IN (0, 25, 75)
    AND (SELECT count(DISTINCT probability) = count(*) FROM buy_score_history WHERE run = :past);
-- a goal with an aggregate that holds over no events, and must not occur
SELECT (SELECT array_agg(value::bigint ORDER BY metric) FROM customer_ai.evaluate('often', run => :often) WHERE metric IN ('positives', 'rows'))
    = (SELECT ARRAY[count(*) FILTER (WHERE outcome), count(*)] FROM judged('often_score_history', :often, 2)) AS as_by_hand;
-- runs have other numbers elsewhere
\set VERBOSITY terse
SELECT * FROM customer_ai.gains('buy', run => :open);
\set VERBOSITY default
SELECT * FROM customer_ai.gains('buy', run => 0, version => 1);
SELECT count(*) FROM customer_ai.gains('buy', run => :past);
DELETE FROM visit WHERE at > '2025-05-29';
SELECT count(*) AS known_by_the_run_since FROM customer_ai.gains('buy', run => :past);
SET client_min_messages = warning;
DO $$ BEGIN PERFORM customer_ai.gains('buy', run => 0); EXCEPTION WHEN undefined_object THEN
    RAISE WARNING '% - % - %', SQLERRM, 'a run', SQLSTATE; END $$;
-- without its scores it says what was counted, until the model is altered
DO $$ BEGIN EXECUTE 'DROP TABLE ' || (SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'buy_score_history'::regclass ORDER BY inhrelid LIMIT 1); END $$;
SELECT count(*) AS tenths FROM customer_ai.gains('buy', run => (SELECT min(run) FROM customer_ai.runs WHERE model = 'buy' AND kind = 'score'));
SELECT customer_ai.alter_model('buy', description => 'altered') AS model;
DO $$ BEGIN PERFORM customer_ai.gains('buy', run => (SELECT min(run) FROM customer_ai.runs WHERE model = 'buy' AND kind = 'score'));
EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;

SET client_min_messages = error;

-- too few examples to hold any out
SELECT customer_ai.create_model('few', 'visit', $$ kind = 'buy' AND profile <= 12 $$, '14 days', 'profile', 'at', 'kind',
    options => '{"allow_small": true}') AS model;
CREATE TABLE example AS SELECT p AS profile, timestamptz '2025-05-01' AS cutoff, p = 9 AS label FROM generate_series(1, 300) p;
SELECT version, auc FROM customer_ai.train('few', examples => 'example');
SELECT * FROM customer_ai.evaluate('few');

-- a forged row is no version's
BEGIN;
UPDATE customer_ai.version SET judgement = '\x0102' WHERE number = 1;
SELECT * FROM customer_ai.gains('buy');
ROLLBACK;
-- only to whom the model is open, and in a transaction that cannot write
CREATE ROLE stranger;
SET ROLE stranger;
SELECT * FROM customer_ai.evaluate('buy');
RESET ROLE;
BEGIN READ ONLY;
SELECT count(*) > 0 AS read, pg_current_xact_id_if_assigned() IS NULL AS none_assigned FROM customer_ai.thresholds('buy');
COMMIT;

DROP ROLE stranger;
DO $$ DECLARE m text; BEGIN FOR m IN SELECT name FROM customer_ai.model LOOP PERFORM customer_ai.drop_model(m); END LOOP; END $$;
DROP FUNCTION judged, draw;
DROP TABLE visit, example;
