-- The names of what a model's scores are kept in: taken ones are refused, long ones fit, and only what is ours is dropped.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA names;
CREATE FUNCTION names.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE names.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN names.draw(p || '/' || d) < 0.2 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 150) p, generate_series(0, 100) d WHERE names.draw(d || '-' || p) < (1 + p % 10) / 40.0;
CREATE FUNCTION names.make(model text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
    $$ SELECT customer_ai.create_model(model, 'names.visit', $g$ kind = 'buy' $g$, '14 days', 'profile', 'at', 'kind',
        options => options || '{"algorithm": "logistic", "allow_small": true}') $$;
-- what there is in the schema: numbers of runs are of the whole database
CREATE FUNCTION names.there() RETURNS TABLE (kind "char", name text) LANGUAGE sql AS
    $$ SELECT relkind, regexp_replace(relname, '_[0-9]+$', '_N') FROM pg_class
        WHERE relnamespace = 'names'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND relname <> 'visit'
        ORDER BY relname COLLATE "C" $$;

-- taken: the view, the history, the table of a run, by a relation of any kind or by a type; the option changes all of them
CREATE VIEW names.a_scores AS SELECT 1 AS one;
SELECT names.make('a');
CREATE TABLE names.b_score_history (note text);
SELECT names.make('b');
CREATE TABLE names.c_score_history_17 (note text);
SELECT names.make('c');
CREATE SEQUENCE names.d_scores;
SELECT names.make('d');
CREATE TYPE names.e_score_history AS ENUM ('high');
SELECT names.make('e');
CREATE DOMAIN names.f_scores AS text;
SELECT names.make('f');
SELECT names.make('b', '{"scores": "b_predicted"}');
-- by the scores of another model that has none yet
SELECT names.make('g', '{"scores": "b_predicted_history"}');
SELECT names.make('g', '{"scores": "h_score"}');
SELECT names.make('h');
SELECT count(*) > 0 AS trained FROM customer_ai.train('b');
SELECT profiles > 50 AS scored FROM customer_ai.score('b');
SELECT * FROM names.there();
SELECT customer_ai.drop_model('b'), customer_ai.drop_model('g');
SELECT * FROM names.there();
DROP TABLE names.b_score_history, names.c_score_history_17;
DROP VIEW names.a_scores;
DROP SEQUENCE names.d_scores;

-- taken after the model was made: nothing of others is written, replaced or dropped
SELECT names.make('a'), (SELECT count(*) > 0 FROM customer_ai.train('a')) AS trained;
CREATE TABLE names.a_score_history (run bigint, note text) PARTITION BY LIST (run);
SELECT count(*) FROM customer_ai.score('a');
SELECT customer_ai.drop_model('a');
SELECT names.make('a', '{"scores": "a_other"}'), (SELECT count(*) > 0 FROM customer_ai.train('a')) AS trained;
CREATE VIEW names.a_other AS SELECT 1 AS one;
SELECT count(*) FROM customer_ai.score('a');
SELECT customer_ai.drop_model('a');
SELECT * FROM names.there();
DROP TABLE names.a_score_history;
DROP VIEW names.a_other;

-- kept scores are nobody's any more
SELECT names.make('a'), (SELECT count(*) > 0 FROM customer_ai.train('a')) AS trained,
    (SELECT profiles > 50 FROM customer_ai.score('a')) AS scored;
SELECT customer_ai.drop_model('a', keep_scores => true);
SELECT obj_description('names.a_score_history'::regclass);
SELECT names.make('a');
SELECT names.make('a', '{"scores": "a_again"}'), (SELECT count(*) > 0 FROM customer_ai.train('a')) AS trained,
    (SELECT profiles > 50 FROM customer_ai.score('a')) AS scored;
SELECT count(DISTINCT run) FROM names.a_score_history;
SELECT customer_ai.drop_model('a');
SELECT * FROM names.there();
-- also where they come under the names of a new model later
ALTER TABLE names.a_score_history RENAME TO kept;
ALTER VIEW names.a_scores RENAME TO kept_scores;
SELECT names.make('a', '{"scores": "a_newer"}'), (SELECT count(*) > 0 FROM customer_ai.train('a')) AS trained;
ALTER TABLE names.kept RENAME TO a_newer_history;
SELECT count(*) FROM customer_ai.score('a');
SELECT customer_ai.drop_model('a');
SELECT * FROM names.there();
DROP TABLE names.a_newer_history CASCADE;

-- long names, for the longest number of a run; two of the same beginning do not meet
SELECT names.make(repeat('m', n)) FROM unnest(ARRAY[44, 47, 48]) n;
SELECT names.make(repeat('m', 49));
SELECT names.make('n', jsonb_build_object('scores', repeat('s', 63)));
SELECT names.make('o', jsonb_build_object('scores', 'names.' || repeat('ü', 31)));
SELECT names.make('p', jsonb_build_object('scores', repeat('ü', 32)));
SELECT names.make('p', '{"scores": "names."}');
SELECT names.make('p', jsonb_build_object('scores', repeat('x', 55) || '_history'));
SELECT (customer_ai.train(name)).examples > 0 AS trained FROM customer_ai.model WHERE scores_schema = 'names' ORDER BY name;
SELECT last_value AS was FROM customer_ai.run_id_seq \gset
SELECT setval('customer_ai.run_id_seq', 9223372036854775800) > 0 AS set;
SELECT (customer_ai.score(name)).profiles > 50 AS scored FROM customer_ai.model WHERE scores_schema = 'names' ORDER BY name;
SELECT relkind, relname, octet_length(relname) AS bytes FROM pg_class
WHERE relnamespace = 'names'::regnamespace AND relkind IN ('r', 'p', 'v') AND relname <> 'visit'
ORDER BY relkind, length(relname), relname COLLATE "C";
SELECT setval('customer_ai.run_id_seq', :was) > 0 AS set;
SELECT count(customer_ai.drop_model(name)) AS dropped FROM customer_ai.model WHERE scores_schema = 'names';
SELECT * FROM names.there();
DROP SCHEMA names CASCADE;
