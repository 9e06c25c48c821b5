-- Wrong clocks: a few events far from the others say neither how far back the events reach nor what a run is as of.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
CREATE SCHEMA clocks;
CREATE FUNCTION clocks.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
-- 300 profiles from January to May 2025.
CREATE TABLE clocks.visit AS
    SELECT p AS customer, timestamptz '2025-01-01' + d * interval '1 day' + clocks.draw(p || '/' || d) * interval '1 day' AS at,
        CASE WHEN clocks.draw('k' || p || '/' || d) < 0.1 + 0.4 * clocks.draw('u' || p) THEN 'buy' ELSE 'look' END AS event
    FROM generate_series(1, 300) p, generate_series(0, 149) d
    WHERE clocks.draw('e' || p || '/' || d) < 0.03 + 0.15 * clocks.draw('r' || p);
CREATE TABLE clocks.bulk AS SELECT min(at) AS first, max(at) AS last, count(*) AS events FROM clocks.visit;
SELECT customer_ai.create_model('clocks', 'clocks.visit', 'event = ''buy''', '30 days', 'customer', 'at', 'event',
    options => '{"algorithm": "logistic"}');
SELECT version, examples, positives, auc FROM customer_ai.train('clocks') \gset plain_
SELECT as_of = last AS as_of_the_newest, profiles FROM customer_ai.score('clocks'), clocks.bulk;
SELECT score FROM customer_ai.predict('clocks', '7') \gset plain_

-- At both ends, however far: the training is as of the same instant and has the same examples.
INSERT INTO clocks.visit VALUES (3, '1970-01-01 01:30:27', 'look'), (3, '1900-01-01', 'look'), (3, '-infinity', 'look'),
    (4, '2025-10-01 12:00', 'look'), (4, '9999-05-28', 'look');
SELECT examples = :plain_examples AS examples, positives = :plain_positives AS positives, abs(auc - :plain_auc) < 0.01 AS auc
    FROM customer_ai.train('clocks', activate => 'never');
SELECT v.as_of = b.last AS as_of, v.cutoffs = o.cutoffs AS cutoffs
    FROM customer_ai.versions v, customer_ai.versions o, clocks.bulk b
    WHERE v.model = 'clocks' AND v.version = 2 AND o.model = 'clocks' AND o.version = 1;
SELECT as_of = last AS as_of_the_newest, profiles FROM customer_ai.score('clocks'), clocks.bulk;
SELECT "check", actual, ok, hint FROM customer_ai.check_model('clocks')
    WHERE "check" IN ('history', 'events apart from the others', 'events in the future', 'rows without a time');
SELECT count(DISTINCT profile) FROM customer_ai.features('clocks');
SELECT score = :plain_score AS the_same FROM customer_ai.predict('clocks', '7');
-- Profile 4 is predicted for as of the others, not of its own event in October.
SELECT (SELECT probability FROM customer_ai.predict('clocks', '4')) = probability AS as_scored
    FROM clocks.clocks_scores WHERE customer = 4;
-- Outcomes are known up to the end of the others.
SELECT cutoff FROM customer_ai.backtest('clocks', ARRAY[timestamptz '2025-08-15']);
-- An instant that is given holds; what it leaves is said.
SELECT as_of, profiles FROM customer_ai.score('clocks', as_of => '2025-10-02');

-- A month of events and one of 1970 are a month of history.
CREATE TABLE clocks.short AS SELECT * FROM clocks.visit WHERE at >= '2025-05-01' AND at < '2025-06-01';
INSERT INTO clocks.short SELECT customer, at + interval '1 minute', event FROM clocks.short;
INSERT INTO clocks.short VALUES (3, '1970-01-01 01:30:27', 'look');
SELECT customer_ai.create_model('short', 'clocks.short', 'event = ''buy''', '30 days', 'customer', 'at', 'event');
SELECT version FROM customer_ai.train('short');
SELECT "check", required, actual, ok FROM customer_ai.check_model('short');

-- Every feeder sees the same: rows in parallel, histories, a sample, and counts where the events are.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
ALTER TABLE clocks.visit SET (parallel_workers = 2);
SELECT actual FROM customer_ai.check_model('clocks') WHERE "check" = 'events apart from the others';
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SET customer_ai.feeder = 'pushed_down';
SELECT actual FROM customer_ai.check_model('clocks') WHERE "check" = 'events apart from the others';
SELECT as_of = last AS as_of_the_newest, profiles FROM customer_ai.score('clocks'), clocks.bulk;
SET client_min_messages = warning;
SELECT version FROM customer_ai.train('clocks', activate => 'never');
SELECT v.as_of = b.last AS as_of, v.cutoffs = o.cutoffs AS cutoffs
    FROM customer_ai.versions v, customer_ai.versions o, clocks.bulk b
    WHERE v.model = 'clocks' AND v.version = 3 AND o.model = 'clocks' AND o.version = 1;
RESET customer_ai.feeder;

-- A shop that sells ever less is not cut: one event a month.
CREATE TABLE clocks.fading AS SELECT * FROM clocks.visit WHERE at BETWEEN '2025-01-01' AND '2025-05-31';
INSERT INTO clocks.fading SELECT n, timestamptz '2025-07-01' + n * interval '31 days', 'look' FROM generate_series(0, 3) n;
SELECT customer_ai.create_model('fading', 'clocks.fading', 'event = ''buy''', '30 days', 'customer', 'at', 'event');
SELECT actual, ok FROM customer_ai.check_model('fading') WHERE "check" = 'events apart from the others';
SELECT customer_ai.drop_model(model) FROM customer_ai.models WHERE model IN ('clocks', 'short', 'fading') ORDER BY model;
DROP SCHEMA clocks CASCADE;
