-- A definition changes, and what was made of it stays: versions, runs, segments, grants. What needs a new training is said.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA alt;
CREATE TABLE alt.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        (p * 7 + n * 13) % 50 AS amount
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE alt.person AS SELECT p AS profile, p % 3 AS grade FROM generate_series(1, 400) p;
CREATE ROLE regress_reader;
CREATE ROLE regress_taker;
GRANT USAGE, CREATE ON SCHEMA alt TO regress_reader, regress_taker;
GRANT SELECT ON ALL TABLES IN SCHEMA alt TO regress_taker;
SELECT customer_ai.create_model('m', 'alt.visit', 'amount > 25', '14 days', 'profile', 'at', description => 'first',
    options => '{"algorithm": "logistic", "attributes": {"half": "amount / 2"}}') IS NOT NULL AS defined;
SELECT customer_ai.add_profiles('m', 'alt.person', 'profile', '{grade}');
SELECT version FROM customer_ai.train('m');
SELECT profiles > 0 AS scored FROM customer_ai.score('m');
SELECT customer_ai.create_segment('alt.high', 'm', 'score > 50');
GRANT SELECT ON alt.m_scores, alt.high TO regress_reader;
CREATE FUNCTION definition(model_name text) RETURNS TABLE (part text, value text) LANGUAGE sql AS $$
    SELECT j.key, j.value FROM customer_ai.models m, jsonb_each_text(to_jsonb(m)) j
    WHERE m.model = model_name AND j.key IN ('kind', 'goal', 'occurs', 'outcome_window', 'eligible', 'eligible_window', 'exclude',
        'exclude_window', 'description', 'options', 'time_zone', 'events', 'enabled', 'active_version', 'scores_name') $$;
CREATE TEMP TABLE before AS SELECT * FROM definition('m');
CREATE FUNCTION changed() RETURNS TABLE (part text, was text, "is" text) LANGUAGE sql AS $$
    SELECT part, b.value, n.value FROM definition('m') n FULL JOIN before b USING (part)
    WHERE b.value IS DISTINCT FROM n.value ORDER BY part COLLATE "C" $$;
SET client_min_messages = notice;

-- one part each; the others stay
SELECT customer_ai.alter_model('m', goal => 'amount > 20');
SELECT customer_ai.alter_model('m', outcome_window => '10 days', occurs => false, kind => 'churn');
SELECT customer_ai.alter_model('m', eligible => 'amount > 0', eligible_window => '60 days');
SELECT customer_ai.alter_model('m', exclude => 'amount > 48', exclude_window => '7 days', description => 'second');
SELECT customer_ai.alter_model('m', options => '{"buckets": [30, 70], "keep_versions": 2}');
SELECT * FROM changed();
-- what is as it was again needs no training, and parts are removed
SELECT customer_ai.alter_model('m', goal => 'amount > 25', outcome_window => '14 days', occurs => true, kind => 'conversion',
    eligible_window => '45 days', options => '{"keep_versions": null, "buckets": null}', description => 'first', remove => '{eligible,exclude}');
SELECT * FROM changed();
SELECT customer_ai.alter_model('m', options => '{"seed": 2}');
SELECT customer_ai.alter_model('m', options => '{"seed": null}');

-- an attribute that stays means what it meant; a new one is looked up in the search_path of now
CREATE FUNCTION alt.twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
SET search_path TO alt, public;
SELECT customer_ai.alter_model('m', options => '{"attributes": {"half": "amount / 2", "double": "twice(amount)"}, "ignore": ["grade"]}');
RESET search_path;
SELECT attributes_sql FROM customer_ai.model;
SELECT customer_ai.alter_model('m', options => '{"attributes": {"half": "amount / 2"}, "ignore": null}');
SELECT attributes_sql FROM customer_ai.model;
SELECT * FROM changed();

-- refused by the checks of create_model, and nothing is written
SELECT customer_ai.alter_model('m');
SELECT customer_ai.alter_model('m', goal => 'amuont > 1');
SELECT customer_ai.alter_model('m', goal => 'amount');
SELECT customer_ai.alter_model('m', goal => 'amount > 1', eligible => 'now() > at');
SELECT customer_ai.alter_model('m', outcome_window => '0');
SELECT customer_ai.alter_model('m', kind => 'chrun');
SELECT customer_ai.alter_model('m', options => '{"sead": 2}');
SELECT customer_ai.alter_model('m', options => '{"sead": null}');
SELECT customer_ai.alter_model('m', options => '[]');
SELECT customer_ai.alter_model('m', options => '{"ignore": ["grad"]}');
SELECT customer_ai.alter_model('m', exclude_window => '7 days');
SELECT customer_ai.alter_model('m', remove => '{goal}');
SELECT customer_ai.alter_model('m', remove => '{exclude}', exclude => 'amount > 1');
SELECT customer_ai.alter_model('m', remove => '{NULL}');
SELECT customer_ai.alter_model('m', options => '{"scores": "elsewhere"}');
SELECT customer_ai.alter_model('n', goal => 'true');
SELECT * FROM changed();
SET ROLE regress_reader;
SELECT customer_ai.alter_model('m', goal => 'true');
RESET ROLE;

-- history, versions, segments and grants stayed; it goes on
SELECT version, active FROM customer_ai.versions;
SELECT kind FROM customer_ai.runs ORDER BY run;
SET client_min_messages = error;
SELECT version, activated FROM customer_ai.train('m', activate => 'always');
SELECT version FROM customer_ai.score('m');
SET client_min_messages = notice;
SET ROLE regress_reader;
SELECT count(*) > 0 AS scores FROM alt.m_scores;
SELECT count(*) > 0 AS segment FROM alt.high;
RESET ROLE;

-- sources, and the first of them beside the model
SELECT * FROM customer_ai.sources;
SELECT events FROM customer_ai.models;

-- how sources are read
SELECT customer_ai.alter_events('m', 'alt.visit', where_clause => 'amount < 40');
SELECT customer_ai.alter_events('m', 'alt.visit', event_type => 'seen');
SELECT customer_ai.alter_profiles('m', 'alt.person', columns => NULL, remove => '{columns}');
SELECT holds, relation, time_column, event_type, where_clause, columns FROM customer_ai.sources;
SELECT where_sql FROM customer_ai.event_source;
SELECT customer_ai.alter_events('m', 'alt.visit', where_clause => 'amuont < 40');
SELECT customer_ai.alter_events('m', 'alt.visit', time_column => 'amount');
SELECT customer_ai.alter_events('m', 'alt.person', event_type => 'x');
SELECT customer_ai.alter_events('m', 'alt.visit', remove => '{time_column}');
SELECT customer_ai.alter_profiles('m', 'alt.visit', columns => '{amount}');
SELECT customer_ai.alter_profiles('m', 'alt.person', columns => '{no}');
SELECT customer_ai.alter_events('m', 'alt.visit', remove => '{where_clause,event_type}');
SELECT customer_ai.alter_profiles('m', 'alt.person', columns => '{grade}');
SELECT holds, relation, time_column, event_type, where_clause, columns FROM customer_ai.sources;

-- renamed: scores and segments keep their names and are the model's still
SELECT customer_ai.create_segment('alt.always', 'm', 'score >= 0', live => true);
SELECT customer_ai.rename_model('m', 'n');
SELECT customer_ai.rename_model('n', 'n');
SELECT customer_ai.rename_model('n', 'N');
SELECT model, options ->> 'scores' AS scores FROM customer_ai.models;
SET client_min_messages = error;
SELECT version FROM customer_ai.score('n');
SET client_min_messages = notice;
SELECT model, segment, profiles > 0 AS filled FROM customer_ai.segments;
SELECT obj_description('alt.m_scores'::regclass), obj_description('alt.m_score_history'::regclass), obj_description('alt.high'::regclass);
SELECT obj_description('alt.always'::regclass);
SELECT customer_ai.drop_segment('alt.always');
-- the name is free again
SELECT customer_ai.create_model('m', 'alt.visit', 'amount > 1', '14 days', 'profile', 'at');

-- copied: definition and sources alone, under the copy's own name
SELECT customer_ai.clone_model('n', 'copy');
SELECT customer_ai.clone_model('n', 'copy');
SELECT customer_ai.clone_model('n', 'Copy');
SELECT part, o.value AS original, c.value AS copy FROM definition('n') o FULL JOIN definition('copy') c USING (part)
WHERE o.value IS DISTINCT FROM c.value ORDER BY part COLLATE "C";
SELECT model, holds, relation, columns FROM customer_ai.sources WHERE model = 'copy';
SET client_min_messages = error;
SELECT c.auc = o.auc AS same FROM customer_ai.train('copy') c, customer_ai.train('n', activate => 'never') o;
SELECT c.profiles = o.profiles AS same FROM customer_ai.score('copy') c, customer_ai.score('n') o;
SELECT count(*) > 10 AS many, bool_and(c.probability IS NOT DISTINCT FROM o.probability) AS same FROM alt.copy_scores c FULL JOIN alt.m_scores o USING (profile);
SET client_min_messages = notice;

-- disabled: not trained, not scored; it still predicts
SELECT customer_ai.disable_model('n');
SELECT customer_ai.train('n');
SELECT customer_ai.score('n');
SELECT probability > 0 AS predicts FROM customer_ai.predict('n', '7');
SELECT model, enabled FROM customer_ai.models ORDER BY model;
SELECT customer_ai.enable_model('n');
SET client_min_messages = error;
SELECT version FROM customer_ai.score('n');

-- a script can run twice
CREATE PROCEDURE setup(goal text) LANGUAGE plpgsql AS $$ BEGIN
    PERFORM customer_ai.create_model('twice', 'alt.visit', goal, '14 days', time_column => 'at', profile_column => 'profile',
        options => '{"seed": 3, "keep_runs": 2}', if_not_exists => true);
    PERFORM customer_ai.add_events('twice', 'alt.visit', 'profile', 'at', event_type => 'again', if_not_exists => true);
    PERFORM customer_ai.add_profiles('twice', 'alt.person', 'profile', if_not_exists => true);
END $$;
CALL setup('amount > 1');
SET client_min_messages = notice;
CALL setup('amount > 1');
SELECT count(*) FROM customer_ai.sources WHERE model = 'twice';
CALL setup('amount > 2');
SELECT customer_ai.create_model('twice', 'alt.person', 'amount > 1', '15 days', 'profile', occurs => false, exclude => 'amount > 9', if_not_exists => true);
SELECT customer_ai.add_profiles('twice', 'alt.person', 'profile', '{grade}', if_not_exists => true);
SET ROLE regress_reader;
SELECT customer_ai.create_model('twice', 'alt.visit', 'amount > 1', '14 days', 'profile', 'at', if_not_exists => true);
RESET ROLE;

-- given away together with a change
SELECT customer_ai.alter_model('copy', description => 'theirs', owner => 'regress_taker');
SELECT owner, description FROM customer_ai.models WHERE model = 'copy';

-- dropped with what others built upon it only by force
CREATE VIEW alt.best AS SELECT * FROM alt.m_scores WHERE score > 90;
CREATE VIEW alt.few AS SELECT * FROM alt.high LIMIT 3;
SELECT customer_ai.drop_model('n');
SELECT to_regclass('alt.best'), to_regclass('alt.few'), count(*) > 0 AS scores FROM alt.m_scores;
SELECT customer_ai.drop_model('n', force => true);
SELECT to_regclass('alt.best'), to_regclass('alt.few'), to_regclass('alt.m_scores'), to_regclass('alt.high');
SET client_min_messages = error;
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
DROP PROCEDURE setup;
DROP FUNCTION changed, definition;
DROP SCHEMA alt CASCADE;
DROP ROLE regress_reader, regress_taker;
