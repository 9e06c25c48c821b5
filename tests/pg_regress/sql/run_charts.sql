-- summary, distribution, bucket_factors, drilldown, trend, importance, leaks, drift, performance, migration, profile_scores:
-- what a run was summed up in is what its rows say, and what came true is what the events say.
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
CREATE TABLE person AS SELECT p AS profile, CASE p % 3 WHEN 0 THEN 'north' WHEN 1 THEN 'south' END AS region FROM generate_series(1, 300) p;
SELECT customer_ai.create_model('buy', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind', options => '{"factors": 20}') AS model;
SELECT customer_ai.add_profiles('buy', 'person', 'profile') AS model;

-- nothing yet
SELECT * FROM customer_ai.summary('buy');
SELECT * FROM customer_ai.importance('buy');
SELECT * FROM customer_ai.performance('buy');
SELECT version FROM customer_ai.train('buy', as_of => '2025-05-15');
SELECT * FROM customer_ai.drift('buy');
SELECT run AS first FROM customer_ai.score('buy', as_of => '2025-05-15') \gset
SELECT run AS second FROM customer_ai.score('buy', as_of => '2025-05-20') \gset
SELECT run AS newest FROM customer_ai.score('buy', as_of => '2025-06-09') \gset

-- a run by bucket and by score
SELECT s.bucket, s.profiles = h.profiles AS profiles, abs(s.share - h.share) < 1e-12 AS share, abs(s.expected - h.expected) < 1e-9 AS expected, s.run = :newest AS newest
FROM customer_ai.summary('buy') s LEFT JOIN LATERAL (SELECT count(*) AS profiles, coalesce(sum(probability), 0) AS expected,
    count(*)::float8 / (SELECT count(*) FROM buy_scores) AS share FROM buy_scores b WHERE b.bucket = s.bucket) h ON true;
SELECT sum(profiles) = (SELECT count(*) FROM buy_score_history WHERE run = :first) AS of_the_first FROM customer_ai.summary('buy', run => :first);
SELECT count(*) AS steps, min(from_score) AS first, max(to_score) AS last, bool_and(d.profiles = h.profiles AND abs(d.expected - h.expected) < 1e-9) AS as_rows
FROM customer_ai.distribution('buy') d, LATERAL (SELECT count(*) AS profiles, coalesce(sum(probability), 0) AS expected
    FROM buy_scores WHERE score BETWEEN d.from_score AND d.to_score) h;
SELECT from_score, to_score, bucket, profiles = (SELECT count(*) FROM buy_scores WHERE score BETWEEN from_score AND to_score) AS as_rows FROM customer_ai.distribution('buy', step => 30);
SELECT * FROM customer_ai.distribution('buy', step => 0);
SELECT * FROM customer_ai.distribution('buy', step => NULL);

-- the factors of a bucket: of the strongest impacts the rows have all, since 20 factors are kept
SELECT count(*) <= 10 AS ten, bool_and(direction = CASE WHEN mean_impact < 0 THEN 'lowers' ELSE 'raises' END) AS directed,
    bool_and(abs(times_the_odds - exp(mean_impact)) < 1e-12) AS odds, bool_and(raised + lowered <= profiles AND mean_size >= abs(mean_impact) - 1e-12) AS sizes,
    bool_and(abs(mean_impact) <= before) AS sorted
FROM (SELECT *, lag(abs(mean_impact), 1, 1e9) OVER (ORDER BY rank) AS before FROM customer_ai.bucket_factors('buy', 'low')) f;
SELECT bool_and(abs(f.mean_impact * f.profiles - r.sum) < 0.05 * f.profiles) AS as_rows FROM customer_ai.bucket_factors('buy', 'medium') f, LATERAL (
    SELECT coalesce(sum((j ->> 'impact')::float8), 0) AS sum FROM buy_scores s, jsonb_array_elements(s.factors) j
    WHERE s.bucket = 'medium' AND j ->> 'factor' = f.factor) r;
SELECT * FROM customer_ai.bucket_factors('buy', 'High');

-- the values of a factor by bucket
SELECT value, sum(profiles) = (SELECT count(*) FROM buy_scores s JOIN person p USING (profile) WHERE coalesce(region, 'unknown') = value) AS as_rows,
    abs(min(mean_probability) - (SELECT avg(probability) FROM buy_scores s JOIN person p USING (profile) WHERE coalesce(region, 'unknown') = value)) < 1e-9 AS mean,
    count(*) AS buckets, min(from_value) AS no_number
FROM customer_ai.drilldown('buy', 'region') GROUP BY bin, value ORDER BY bin;
SELECT bool_and(abs(share_sum - 1) < 1e-9) AS shares FROM (SELECT sum(share) AS share_sum FROM customer_ai.drilldown('buy', 'region') GROUP BY bucket HAVING sum(profiles) > 0) s;
SELECT bool_and(from_value < to_value OR to_value IS NULL) AS ranges, bool_or(from_value IS NOT NULL) AS numbers, abs(sum(share_at_training) - 1) < 1e-9 AS learned
FROM customer_ai.importance('buy') i, LATERAL customer_ai.drilldown('buy', i.factor) d WHERE i.rank = 1 AND d.bucket = 'low';
SELECT * FROM customer_ai.drilldown('buy', 'regoin');
SELECT * FROM customer_ai.drilldown('buy', NULL);

-- importance adds up, and is that of the report
SELECT abs(sum(share) - 1) < 1e-9 AS adds_up, count(*) = (SELECT jsonb_array_length(report -> 'importance') FROM customer_ai.version) AS all_factors FROM customer_ai.importance('buy');
SELECT * FROM customer_ai.importance('buy', version => 5);
SELECT count(*) AS leaks FROM customer_ai.leaks('buy');

-- drift: none where the population is that of training; much where half of them are elsewhere
SELECT kind, stability_index < 0.1 AS little, level, warning FROM customer_ai.drift('buy', run => :first) WHERE kind = 'score' OR name = 'region';
UPDATE person SET region = 'east' WHERE profile % 3 = 0;
SELECT run AS moved FROM customer_ai.score('buy', as_of => '2025-06-09') \gset
SELECT name, abs(stability_index - h.psi) < 1e-9 AS by_hand, level, warning IS NOT NULL AS warned FROM customer_ai.drift('buy') d, LATERAL (
    SELECT sum((now - before) * ln(now / before)) AS psi FROM (SELECT greatest(sum(profiles) / sum(sum(profiles)) OVER (), 1e-4)::float8 AS now,
        greatest(min(share_at_training), 1e-4) AS before FROM customer_ai.drilldown('buy', 'region') GROUP BY bin) b) h
WHERE name = 'region';

-- what came true, by bucket; windows that are open have nothing
CREATE VIEW by_hand AS SELECT s.run, s.bucket, count(*) AS profiles, sum(probability) AS expected, count(*) FILTER (WHERE EXISTS (SELECT FROM visit v
        WHERE v.profile = s.profile AND v.kind = 'buy' AND v.at > s.scored_at AND v.at <= s.scored_at + interval '14 days')) AS actual
    FROM buy_score_history s GROUP BY s.run, s.bucket;
SELECT p.as_of, p.window_ends, p.bucket, p.profiles = coalesce(h.profiles, 0) AS profiles, abs(p.expected - coalesce(h.expected, 0)) < 1e-9 AS expected,
    p.actual = coalesce(h.actual, 0) AS actual, p.actual_rate BETWEEN p.low AND p.high AS within, p.state
FROM customer_ai.performance('buy') p LEFT JOIN by_hand h USING (run, bucket) ORDER BY run, bucket;
-- also of a run whose version is not the active one any more
SELECT version FROM customer_ai.train('buy', activate => 'always');
SELECT bool_and(p.actual = coalesce(h.actual, 0)) AS actual FROM customer_ai.performance('buy') p LEFT JOIN by_hand h USING (run, bucket) WHERE run = :first;
-- It was counted by a later score, and stays so: events that come late count when they are asked again, or the model is altered.
SELECT as_of, bool_and(counted_at IS NOT NULL) AS counted, bool_and(actual IS NOT NULL) AS known FROM customer_ai.performance('buy') GROUP BY run, as_of ORDER BY run;
SELECT value AS auc FROM customer_ai.evaluate('buy', run => :first) WHERE metric = 'auc' \gset
SELECT DISTINCT regexp_replace(judged_on, '\d+', 'N', 'g') AS judged_on FROM customer_ai.evaluate('buy', run => :first);
INSERT INTO visit SELECT profile, timestamptz '2025-05-16', 'buy' FROM buy_score_history WHERE run = :first AND bucket = 'low';
SELECT bool_and(p.actual = coalesce(h.actual, 0)) AS as_events_are, sum(h.actual) > sum(p.actual) AS late FROM customer_ai.performance('buy') p JOIN by_hand h USING (run, bucket) WHERE run = :first;
SELECT count_outcomes = :first AS counted FROM customer_ai.count_outcomes('buy', :first);
SELECT bool_and(p.actual = coalesce(h.actual, 0)) AS as_events_are FROM customer_ai.performance('buy') p JOIN by_hand h USING (run, bucket) WHERE run = :first;
SELECT value < :auc AS other FROM customer_ai.evaluate('buy', run => :first) WHERE metric = 'auc';
SELECT count(*) AS left_to_count FROM customer_ai.count_outcomes('buy');
SELECT customer_ai.count_outcomes('buy', :newest);
\set VERBOSITY terse
SELECT customer_ai.count_outcomes('buy', 999999);
\set VERBOSITY default
SELECT customer_ai.count_outcomes('byu');
BEGIN TRANSACTION READ ONLY;
SELECT customer_ai.count_outcomes('buy');
ROLLBACK;
DELETE FROM visit WHERE at = '2025-05-16';
SELECT customer_ai.alter_model('buy', description => 'altered');
SELECT bool_and(p.actual = coalesce(h.actual, 0)) AS as_events_are, count(p.counted_at) AS counted FROM customer_ai.performance('buy') p JOIN by_hand h USING (run, bucket) WHERE run = :first;
SELECT value = :auc AS as_before FROM customer_ai.evaluate('buy', run => :first) WHERE metric = 'auc';

-- not by another goal than it predicted, whichever part of that changed; as it was again, it is judged again
SELECT customer_ai.alter_model('buy', outcome_window => '7 days');
SELECT DISTINCT run = :first AS first, state, actual FROM customer_ai.performance('buy') WHERE run IN (:first, :second) ORDER BY 1;
SET client_min_messages = warning;
DO $$ BEGIN PERFORM customer_ai.evaluate('buy', run => (SELECT min(run) FROM customer_ai.runs WHERE kind = 'score'));
EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SET client_min_messages = error;
SELECT customer_ai.alter_model('buy', outcome_window => '14 days', occurs => false);
SELECT DISTINCT state, actual FROM customer_ai.performance('buy') WHERE run = :first;
SELECT customer_ai.alter_model('buy', occurs => true, goal => $$ kind = 'look' $$);
SELECT DISTINCT state, actual FROM customer_ai.performance('buy') WHERE run = :first;
SELECT customer_ai.alter_model('buy', goal => $$ kind = 'buy' $$);
SELECT bool_and(p.actual = coalesce(h.actual, 0)) AS actual FROM customer_ai.performance('buy') p LEFT JOIN by_hand h USING (run, bucket) WHERE run = :first;

-- from bucket to bucket
SELECT bool_and(m.profiles = h.profiles) AS as_rows, sum(m.profiles) = (SELECT count(*) FROM (SELECT DISTINCT profile FROM buy_score_history WHERE run IN (:first, :second)) u) AS everybody, abs(sum(m.share) - 1) < 1e-9 AS shares
FROM customer_ai.migration('buy', :first, :second) m, LATERAL (SELECT count(*) AS profiles FROM (SELECT * FROM buy_score_history WHERE run = :first) a
    FULL JOIN (SELECT * FROM buy_score_history WHERE run = :second) b USING (profile) WHERE a.bucket IS NOT DISTINCT FROM m.from_bucket AND b.bucket IS NOT DISTINCT FROM m.to_bucket) h;
-- what was kept with a run, and the same the other way round, which is counted now
SELECT count(*) AS different FROM (
    (SELECT from_bucket, to_bucket, profiles FROM customer_ai.migration('buy', :first, :second)
        EXCEPT ALL SELECT to_bucket, from_bucket, profiles FROM customer_ai.migration('buy', :second, :first))
    UNION ALL (SELECT to_bucket, from_bucket, profiles FROM customer_ai.migration('buy', :second, :first)
        EXCEPT ALL SELECT from_bucket, to_bucket, profiles FROM customer_ai.migration('buy', :first, :second))) d;
SELECT detail -> 'migration' ->> 'from' = :'first' AS kept FROM customer_ai.runs WHERE run = :second;
SELECT DISTINCT from_run = :newest AS before, to_run = :moved AS newest FROM customer_ai.migration('buy');
SELECT customer_ai.create_model('once', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind') AS model;
SELECT version FROM customer_ai.train('once');
SELECT profiles > 0 AS scored FROM customer_ai.score('once');
SET client_min_messages = warning;
DO $$ BEGIN PERFORM customer_ai.migration('once'); EXCEPTION WHEN object_not_in_prerequisite_state THEN
    RAISE WARNING '%', regexp_replace(SQLERRM, '\d+', 'N'); END $$;
SET client_min_messages = error;
-- a version of another goal keeps no new one from being active, however good it was
SELECT customer_ai.alter_model('once', goal => $$ kind = 'look' $$);
SELECT activated, reason FROM customer_ai.train('once');

-- runs one after the other
SELECT version, as_of, profiles = low + medium + high AS sums, abs(share_of_high - high::float8 / profiles) < 1e-12 AS share,
    abs(expected - mean_probability * profiles) < 1e-9 AS expected FROM customer_ai.trend('buy');

-- one profile across models; keys of another kind are none of theirs
SELECT p.model, p.kind, p.probability = s.probability AS same, p.bucket = s.bucket AS bucket FROM customer_ai.profile_scores(7) p
LEFT JOIN (SELECT 'buy' AS model, profile, probability, bucket FROM buy_scores UNION ALL SELECT 'once', profile, probability, bucket FROM once_scores) s ON s.model = p.model AND s.profile = 7;
SELECT count(*) FROM customer_ai.profile_scores('nobody');
SELECT count(*) FROM customer_ai.profile_scores('99999999999');
SELECT * FROM customer_ai.profile_scores(NULL::int);
CREATE ROLE stranger;
SET ROLE stranger;
SELECT count(*) FROM customer_ai.profile_scores(7);
SELECT * FROM customer_ai.summary('buy');
RESET ROLE;

DROP ROLE stranger;
DROP VIEW by_hand;
DO $$ DECLARE m text; BEGIN FOR m IN SELECT name FROM customer_ai.model LOOP PERFORM customer_ai.drop_model(m); END LOOP; END $$;
DROP FUNCTION draw;
DROP TABLE visit, person;
