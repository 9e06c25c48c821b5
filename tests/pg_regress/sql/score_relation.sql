-- What somebody did by hand to the relations of a model: scores are written all the same, or refused with what to do.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA hand;
CREATE FUNCTION hand.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE hand.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN hand.draw(p || '/' || d) < 0.2 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 150) p, generate_series(0, 100) d WHERE hand.draw(d || '-' || p) < (1 + p % 10) / 40.0;
SELECT customer_ai.create_model('hand', 'hand.visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    eligible_window => NULL, options => '{"algorithm": "logistic", "allow_small": true, "keep_runs": 3}');
SELECT count(*) > 0 AS trained FROM customer_ai.train('hand');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
CREATE FUNCTION hand.runs() RETURNS TABLE (runs bigint, shown bigint, newest boolean) LANGUAGE sql AS
    $$ SELECT (SELECT count(DISTINCT run) FROM hand.hand_score_history), count(*),
        max(s.run) = (SELECT max(run) FROM customer_ai.runs WHERE model = 'hand') FROM hand.hand_scores s $$;
-- names the tables of runs by their place, because the numbers of runs are of the whole database
CREATE FUNCTION hand.run(place int) RETURNS text LANGUAGE sql AS
    $$ SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'hand'::regnamespace AND relkind = 'r'
        AND relname ~ '^hand_score_history_[0-9]+$' ORDER BY length(relname) DESC, relname DESC OFFSET place - 1 LIMIT 1 $$;
SET client_min_messages = warning;

-- segments: gone, another relation, another materialized view, of another role, without data, without index, failing
CREATE FUNCTION hand.good(score smallint) RETURNS boolean STABLE LANGUAGE sql RETURN score >= 0;
SELECT customer_ai.create_segment('hand.' || s, 'hand', 'hand.good(score)')
FROM unnest(ARRAY['s1_gone', 's2_table', 's3_other', 's4_role', 's5_empty', 's6_plain', 's8_well']) s;
DROP MATERIALIZED VIEW hand.s1_gone, hand.s2_table, hand.s3_other;
CREATE TABLE hand.s2_table (note text);
CREATE MATERIALIZED VIEW hand.s3_other AS SELECT 1 AS one;
CREATE ROLE regress_hand;
GRANT ALL ON SCHEMA hand TO regress_hand;
ALTER MATERIALIZED VIEW hand.s4_role OWNER TO regress_hand;
REFRESH MATERIALIZED VIEW hand.s5_empty WITH NO DATA;
DROP INDEX hand.s6_plain_profile_idx;
CREATE FUNCTION hand.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
SELECT customer_ai.create_segment('hand.s7_fails', 'hand', 'hand.today(score)');
CREATE OR REPLACE FUNCTION hand.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
-- the owner of this model is a superuser, who may refresh what belongs to others
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT * FROM hand.runs();
SELECT segment, refreshed_at > created_at AS refreshed FROM customer_ai.segments ORDER BY segment COLLATE "C";
SELECT count(*) = 149 AS filled FROM hand.s5_empty;
SELECT count(*) FROM pg_index WHERE indrelid = 'hand.s6_plain'::regclass AND indisunique;
SELECT customer_ai.refresh_segment('hand.s1_gone');
SELECT customer_ai.refresh_segment('hand.s2_table');
SELECT customer_ai.create_segment('hand.s1_gone', 'hand', 'score > 50') AS again;
SELECT customer_ai.create_segment('hand.s2_table', 'hand', 'score > 50') AS again;
SELECT customer_ai.drop_segment('hand.s2_table'), customer_ai.drop_segment('hand.s3_other');
SELECT (SELECT count(*) FROM hand.s2_table) AS rows, (SELECT count(*) FROM hand.s3_other) AS rows_of_other;
SELECT count(customer_ai.drop_segment(segment)) AS dropped FROM customer_ai.segments WHERE model = 'hand';
-- a cancelled refresh ends the scoring: it is not a fault of the segment
CREATE OR REPLACE FUNCTION hand.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
SELECT customer_ai.create_segment('hand.slow', 'hand', 'hand.today(score)');
CREATE OR REPLACE FUNCTION hand.today(score smallint) RETURNS boolean STABLE LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(60); RETURN true; END $$;
SET statement_timeout = '2s';
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
RESET statement_timeout;
SELECT customer_ai.drop_segment('hand.slow');
SELECT * FROM hand.runs();

-- the view: dropped, replaced by a table, replaced by a view of something else
DROP VIEW hand.hand_scores;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT * FROM hand.runs();
DROP VIEW hand.hand_scores;
CREATE TABLE hand.hand_scores (run bigint);
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT * FROM hand.runs();
DROP TABLE hand.hand_scores;
CREATE VIEW hand.hand_scores AS SELECT 1::bigint AS run;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
DROP VIEW hand.hand_scores;
SET client_min_messages = error;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SET client_min_messages = warning;
SELECT * FROM hand.runs();

-- the newest run: emptied, detached; what is detached is not dropped as an old run
SELECT hand.run(1) AS newest \gset
TRUNCATE :newest;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT * FROM hand.runs();
SELECT hand.run(1) AS detached \gset
ALTER TABLE hand.hand_score_history DETACH PARTITION :detached;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT count(*) FROM :detached;
SELECT * FROM hand.runs();
-- a view of an old run keeps it, and costs no scores
SELECT hand.run(1) AS used \gset
CREATE VIEW hand.used AS SELECT * FROM :used;
SET client_min_messages = error;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SET client_min_messages = warning;
SELECT count(*) FROM hand.used;
SELECT * FROM hand.runs();
DROP VIEW hand.used;

-- the history: renamed, moved, dropped
ALTER TABLE hand.hand_score_history RENAME TO old;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT max(run) = (SELECT max(run) FROM customer_ai.runs) AS newest FROM hand.hand_scores;
CREATE SCHEMA elsewhere;
ALTER TABLE hand.old SET SCHEMA elsewhere;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT max(run) = (SELECT max(run) FROM customer_ai.runs) AS newest FROM hand.hand_scores;
ALTER TABLE elsewhere.old SET SCHEMA hand;
ALTER TABLE hand.old RENAME TO hand_score_history;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT newest FROM hand.runs();
SET client_min_messages = error;
DROP TABLE hand.hand_score_history CASCADE;
SET client_min_messages = warning;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT * FROM hand.runs();

-- columns, constraints and what happens on INSERT: what ATTACH does not look at is looked at
ALTER TABLE hand.hand_score_history ADD COLUMN note text;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT count(*), count(note) FROM hand.hand_score_history;
ALTER TABLE hand.hand_score_history DROP COLUMN note, ADD COLUMN late timestamptz DEFAULT now();
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history DROP COLUMN late, ADD COLUMN twice float8 GENERATED ALWAYS AS (probability * 2) STORED;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history DROP COLUMN twice;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history RENAME COLUMN bucket TO class;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history RENAME COLUMN class TO bucket;
ALTER TABLE hand.hand_score_history ADD CONSTRAINT good CHECK (score >= 0 AND bucket IN ('low', 'medium', 'high'));
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history ADD CONSTRAINT never CHECK (run < 0) NOT VALID;
\set VERBOSITY sqlstate
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history DROP CONSTRAINT never;
CREATE TABLE hand.known AS SELECT DISTINCT profile FROM hand.visit;
ALTER TABLE hand.known ADD PRIMARY KEY (profile);
ALTER TABLE hand.hand_score_history ADD FOREIGN KEY (profile) REFERENCES hand.known;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history DROP CONSTRAINT hand_score_history_profile_fkey;
DELETE FROM hand.known WHERE profile = 7;
DELETE FROM hand.hand_score_history WHERE profile = 7;
ALTER TABLE hand.hand_score_history ADD FOREIGN KEY (profile) REFERENCES hand.known;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
\set VERBOSITY default
ALTER TABLE hand.hand_score_history DROP CONSTRAINT hand_score_history_profile_fkey;
CREATE FUNCTION hand.mask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.factors := '[]'; RETURN NEW; END $$;
CREATE TRIGGER mask BEFORE INSERT ON hand.hand_score_history FOR EACH ROW EXECUTE FUNCTION hand.mask();
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history DISABLE TRIGGER mask;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
DROP TRIGGER mask ON hand.hand_score_history;
CREATE RULE nothing AS ON INSERT TO hand.hand_score_history DO INSTEAD NOTHING;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
DROP RULE nothing ON hand.hand_score_history;
ALTER TABLE hand.hand_score_history ENABLE ROW LEVEL SECURITY;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT newest FROM hand.runs();

-- types: nothing is written as what it is not
DROP VIEW hand.hand_scores;
ALTER TABLE hand.hand_score_history DROP CONSTRAINT good, ALTER version TYPE text;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history ALTER version TYPE integer USING version::integer, ALTER bucket TYPE varchar(3) USING left(bucket, 3);
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history ALTER bucket TYPE text, ALTER factors TYPE json;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history ALTER factors TYPE jsonb, ALTER score TYPE bigint;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
ALTER TABLE hand.hand_score_history ALTER score TYPE smallint;
SET client_min_messages = error;
SELECT profiles FROM customer_ai.score('hand', '2025-04-12');
SELECT newest FROM hand.runs();

-- only what is the model's is dropped
SELECT customer_ai.drop_model('hand');
SELECT relname FROM pg_class WHERE relnamespace = 'hand'::regnamespace AND relkind IN ('p', 'v', 'm') ORDER BY 1;
SELECT count(*) AS detached_rows FROM :detached;
DROP SCHEMA hand, elsewhere CASCADE;
DROP ROLE regress_hand;
