-- Scored every night, with a window of eight nights and two runs kept: of the runs before those the last of each quarter of the
-- window stays until its window has passed, is judged, and goes. What came true of it is what plain SQL says.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE SCHEMA nights;
SET search_path TO nights, public;
CREATE TABLE visit (profile int, at timestamptz, kind text);
CREATE TABLE known (run bigint, profile int, bucket text, scored_at timestamptz, probability float8);
CREATE TABLE night (run bigint, kept text);
-- the visits of a day: some profiles buy often, some rarely
CREATE FUNCTION visits(day int) RETURNS bigint LANGUAGE sql AS $$
    WITH new AS (INSERT INTO visit SELECT p, timestamptz '2025-01-01' + day * interval '1 day' + p * interval '1 minute',
            CASE WHEN (p * 31 + day * 17) % 23 < p % 7 THEN 'buy' ELSE 'look' END
        FROM generate_series(1, 200) p WHERE (p * 13 + day * 7) % 11 < 3 + p % 5 RETURNING 1)
    SELECT count(*) FROM new $$;
SELECT count(visits(day)) AS days FROM generate_series(0, 60) day;
SELECT customer_ai.create_model('nightly', 'visit', $$ kind = 'buy' $$, '8 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic", "keep_runs": 2}') AS model;
SELECT version FROM customer_ai.train('nightly');

-- twenty nights, each with its own visits; what was scored is written down before it may go
CREATE PROCEDURE one_night(day int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM visits(day);
    PERFORM customer_ai.score('nightly');
    INSERT INTO known SELECT run, profile, bucket, scored_at, probability FROM nightly_scores;
    INSERT INTO night SELECT max(run), string_agg(run::text, ' ') FROM (SELECT DISTINCT run FROM nightly_score_history) h;
END $$;
SELECT format('CALL one_night(%s)', day) FROM generate_series(61, 80) day ORDER BY day \gexec

-- every night the newest two runs are there, and of the eight nights before every other one: two nights are a quarter of the window
SELECT n.number AS night, m AS missing_run
FROM (SELECT kept, row_number() OVER (ORDER BY run) AS number FROM night) n, generate_series(greatest(n.number - 7, 1), n.number) m
WHERE (m > n.number - 2 OR m % 2 = 0)
    AND (SELECT min(run) FROM night) + m - 1 <> ALL (string_to_array(n.kept, ' ')::bigint[]);

-- of the runs that were judged expected and actual are those of plain SQL, though most of their scores are gone
CREATE VIEW judged AS SELECT k.run, k.bucket, count(*) AS profiles, sum(k.probability) AS expected,
    count(*) FILTER (WHERE EXISTS (SELECT FROM visit v WHERE v.profile = k.profile AND v.kind = 'buy'
        AND v.at > k.scored_at AND v.at <= k.scored_at + interval '8 days')) AS actual
    FROM known k GROUP BY k.run, k.bucket;
SELECT count(DISTINCT p.run) AS runs_judged, count(*) FILTER (WHERE p.profiles > 0) AS buckets,
    bool_and(p.profiles = coalesce(j.profiles, 0) AND p.actual = coalesce(j.actual, 0) AND abs(p.expected - coalesce(j.expected, 0)) < 1e-9) AS as_by_hand
FROM customer_ai.performance('nightly') p LEFT JOIN judged j USING (run, bucket) WHERE p.state = 'the window has passed';
SELECT state, count(DISTINCT run) AS runs FROM customer_ai.performance('nightly') GROUP BY 1 ORDER BY 1;
SELECT min(run - f.first + 1) AS oldest_night, count(DISTINCT run) AS tables FROM nightly_score_history, (SELECT min(run) AS first FROM night) f;

-- scored again and again as of the same night: nobody waits for more than the newest runs
SELECT customer_ai.score('nightly') \g /dev/null
SELECT customer_ai.score('nightly') \g /dev/null
SELECT min(run - f.first + 1) AS oldest_night, count(DISTINCT run) AS tables FROM nightly_score_history, (SELECT min(run) AS first FROM night) f;

-- a run of another goal is waited for by nobody
SELECT customer_ai.alter_model('nightly', goal => $$ kind = 'look' $$);
SELECT customer_ai.score('nightly') \g /dev/null
SELECT customer_ai.score('nightly') \g /dev/null
SELECT customer_ai.score('nightly') \g /dev/null
SELECT count(DISTINCT run) AS tables FROM nightly_score_history;
SELECT customer_ai.drop_model('nightly', force => true);
DROP SCHEMA nights CASCADE;
