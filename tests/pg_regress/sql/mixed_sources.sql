-- Sources whose keys, types and texts have collations of their own, or of which one says its events by an enum: the labels,
-- rows and scores are those of one table with the same rows.
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA mix;
CREATE TABLE mix.whole AS
SELECT 'k' || p AS k, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) + p * interval '1 minute' AS at,
    CASE WHEN (p * 7 + n * 5) % 13 < 2 + p % 6 THEN 'buy' ELSE 'look' END AS event, 'x' || (p + n) % 3 AS channel
FROM generate_series(1, 300) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE mix.one (k text COLLATE "POSIX", at timestamptz, event text COLLATE "POSIX", channel text COLLATE "POSIX");
CREATE TABLE mix.two (key text COLLATE "C", at timestamptz, event text COLLATE "C", channel text COLLATE "C");
INSERT INTO mix.one SELECT * FROM mix.whole WHERE extract(day FROM at)::int % 2 = 0;
INSERT INTO mix.two SELECT * FROM mix.whole WHERE extract(day FROM at)::int % 2 = 1;
-- What training and scoring say of a model of one source, and of the same with another source.
CREATE FUNCTION mix.judge(goal text, one text, two text, OUT examples bigint, OUT positives bigint, OUT auc text, OUT scores text)
LANGUAGE plpgsql AS $$ BEGIN
    PERFORM customer_ai.create_model('judged', one::regclass, goal, '10 days', 'k', 'at', 'event', options => '{"algorithm": "logistic", "allow_small": true, "scores": "mix.judged"}');
    IF two IS NOT NULL THEN
        PERFORM customer_ai.add_events('judged', two::regclass, 'key', 'at', 'event');
    END IF;
    SELECT t.examples, t.positives, t.auc FROM customer_ai.train('judged') t INTO examples, positives, auc;
    PERFORM customer_ai.score('judged');
    EXECUTE $s$ SELECT md5(string_agg(k || ' ' || probability, ',' ORDER BY k COLLATE "C")) FROM mix.judged $s$ INTO scores;
    PERFORM customer_ai.drop_model('judged');
END $$;
-- One event, a window, functions and patterns of texts, which ask for a collation.
SELECT goal, w.* = s.* AS same, w.examples > 500 AS many, w.positives BETWEEN 50 AND w.examples - 50 AS mixed
FROM unnest(ARRAY[$$ event = 'buy' $$, $$ count(*) FILTER (WHERE event = 'buy' AND channel = 'x1') > 0 $$,
    $$ lower(event) LIKE 'b%' AND upper(channel) > 'X0' $$, $$ count(DISTINCT channel) FILTER (WHERE k >= 'k2') > 1 $$]) goal,
    LATERAL mix.judge(goal, 'mix.whole', NULL) w, LATERAL mix.judge(goal, 'mix.one', 'mix.two') s;
-- An enum beside a text, either way round, and beside a source without the column.
CREATE TYPE mix.kind AS ENUM ('look', 'buy');
CREATE TABLE mix.enum_one AS SELECT k, at, event::mix.kind, channel FROM mix.one;
CREATE TABLE mix.enum_two AS SELECT key, at, event::mix.kind, channel FROM mix.two;
SELECT one, two, w.* = s.* AS same
FROM (VALUES ('mix.enum_one', 'mix.two'), ('mix.one', 'mix.enum_two'), ('mix.enum_one', 'mix.enum_two')) v (one, two),
    LATERAL mix.judge($$ event = 'buy' $$, 'mix.whole', NULL) w, LATERAL mix.judge($$ event = 'buy' $$, one, two) s;
CREATE TABLE mix.buys AS SELECT k, at, channel FROM mix.whole WHERE event = 'buy';
CREATE TABLE mix.looks AS SELECT k, at, event::mix.kind, channel FROM mix.whole WHERE event = 'look';
SELECT customer_ai.create_model('m', 'mix.looks', $$ event = 'buy' OR source = 'none' $$, '10 days', 'k', 'at', 'event', options => '{"algorithm": "logistic", "scores": "mix.m"}');
SELECT customer_ai.add_events('m', 'mix.buys', 'k', 'at', event_type => 'buy');
SELECT t.positives = w.positives AS same FROM customer_ai.train('m') t, mix.judge($$ event = 'buy' $$, 'mix.whole', NULL) w;
SELECT probability > 0 AS predicted FROM customer_ai.predict('m', 'k7', what_if => '[{"event": "buy", "in_days": 1}]');
-- The key gets another collation: the history follows, and the message names both.
SELECT profiles > 100 AS scored FROM customer_ai.score('m');
ALTER TABLE mix.looks ALTER k TYPE text COLLATE "C";
RESET client_min_messages;
\set VERBOSITY default
SELECT profiles > 100 AS scored FROM customer_ai.score('m', as_of => '2025-07-01');
SET client_min_messages = error;
SELECT customer_ai.drop_model('m');
DROP SCHEMA mix CASCADE;
