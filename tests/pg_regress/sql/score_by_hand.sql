-- What else people do to a history: each scoring writes all its scores, or says what is in its way and what to do.
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE act AS SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) AS at
FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('act', 'public.act', 'true', '10 days', options => '{"algorithm": "logistic", "keep_runs": 9}');
SELECT version FROM customer_ai.train('act');
-- Whether a scoring wrote everybody, and readers see it.
CREATE PROCEDURE score() LANGUAGE plpgsql AS $$
DECLARE
    written bigint; seen bigint; wrong text; found text; hint text;
BEGIN
    SELECT profiles FROM customer_ai.score('act') INTO written;
    EXECUTE 'SELECT count(*) FROM act_scores WHERE run = (SELECT max(run) FROM customer_ai.runs)' INTO seen;
    RAISE INFO '%', CASE WHEN written = seen AND written > 50 THEN 'all are written' ELSE written || ' written, ' || seen || ' seen' END;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS wrong = MESSAGE_TEXT, found = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RAISE INFO '% % | % | %', SQLSTATE, regexp_replace(wrong, '\d+', 'N', 'g'), regexp_replace(found, '\d+', 'N', 'g'), hint;
END $$;
CALL score();
-- A default partition takes rows of no run; rows of its own stay.
CREATE TABLE others PARTITION OF act_score_history DEFAULT;
INSERT INTO others SELECT profile, probability, score, percentile, bucket, factors, scored_at, -1, version FROM act_scores LIMIT 3;
CALL score();
SELECT count(*) AS kept FROM others;
DROP TABLE others;
-- A partition where the next run goes.
DO $$ BEGIN
    EXECUTE format('CREATE TABLE mine PARTITION OF act_score_history FOR VALUES IN (%s)', (SELECT max(run) + 1 FROM act_score_history));
END $$;
CALL score();
ALTER TABLE act_score_history DETACH PARTITION mine;
CALL score();
DROP TABLE mine;
-- Row-level security that not even the owner is exempt from; an index.
ALTER TABLE act_score_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CALL score();
CREATE UNIQUE INDEX ON act_score_history (run, score, profile);
CREATE TABLE customer AS SELECT DISTINCT profile FROM act;
ALTER TABLE customer ADD PRIMARY KEY (profile);
ALTER TABLE act_score_history ADD CONSTRAINT of_customer FOREIGN KEY (profile) REFERENCES customer;
CALL score();
SELECT count(*) AS indexes FROM pg_index WHERE indrelid = (SELECT max(inhrelid::bigint)::oid FROM pg_inherits WHERE inhparent = 'act_score_history'::regclass);
ALTER TABLE act_score_history DROP CONSTRAINT of_customer;
-- A column of the view renamed, the newest run detached.
ALTER VIEW act_scores RENAME COLUMN probability TO chance;
CALL score();
DO $$ BEGIN
    EXECUTE format('ALTER TABLE act_score_history DETACH PARTITION %s', (SELECT max(inhrelid::bigint)::oid::regclass FROM pg_inherits WHERE inhparent = 'act_score_history'::regclass));
END $$;
CALL score();
SELECT customer_ai.drop_model('act');
DO $$ BEGIN EXECUTE (SELECT 'DROP TABLE ' || string_agg(relname, ', ') FROM pg_class WHERE relname LIKE 'act_score_history%' AND relkind = 'r'); END $$;
DROP TABLE act, customer;
DROP PROCEDURE score;
