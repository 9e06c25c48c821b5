-- Names that we use ourselves never hide a column of a user, and char(n) is its text without the blanks at its end. Each
-- model is compared with that of the same events under plain names.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA own;
CREATE FUNCTION own.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE own.plain AS
SELECT 'k' || p AS customer_id, timestamp '2025-01-01' + (d + own.draw('t' || p || '/' || d)) * interval '1 day' AS at,
    CASE WHEN own.draw('k' || p || '/' || d) < 0.4 THEN 'buy' ELSE 'visit' END AS event,
    (ARRAY['web', 'app', 'shop'])[1 + floor(own.draw('c' || p || '/' || d) * 3)::int] AS channel,
    round(100 * own.draw('a' || p || '/' || d))::int AS amount
FROM generate_series(1, 120) p, generate_series(0, 239) d
WHERE own.draw('e' || p || '/' || d) < 0.01 + 0.1 * own.draw('r' || p);

-- All names of ours at once, with a dropped column, and columns called like those that come out.
CREATE TABLE own.all_names AS
SELECT 0 AS gone, 'x' AS _profile, customer_id AS e, at AS _time, event AS _event, channel AS _source, amount AS r,
    'y' AS __profile, 1 AS _cutoff, 'z' AS c, 2 AS s, 3 AS x, 4 AS p0, 'w' AS _window, 5 AS __time, 'v' AS d,
    'u' AS source, 'buy' AS event, 6 AS place, 7 AS holds, 8 AS run, 9 AS probability, 10 AS score, 11 AS n, 12 AS kind
FROM own.plain;
ALTER TABLE own.all_names DROP COLUMN gone;

-- Eligible profiles and positives at a cutoff, and how the model does.
CREATE FUNCTION own.judge(model text, OUT profiles bigint, OUT positives bigint) LANGUAGE sql AS $$
    SELECT test_profiles, round(test_profiles * base_rate) FROM customer_ai.backtest(model, ARRAY[timestamptz '2025-07-01'])
$$;
SELECT customer_ai.create_model('plain', 'own.plain', $$ event = 'buy' AND channel = 'web' $$, '30 days', 'customer_id', 'at',
    'event', exclude => 'sum(amount) > 900', options => '{"algorithm": "logistic", "allow_small": true, "timezone": "America/New_York",
    "ignore": ["channel", "amount"]}');
SELECT customer_ai.create_model('named', 'own.all_names', $$ _event = 'buy' AND _source = 'web' AND e IS NOT NULL AND c = 'z' $$,
    '30 days', 'e', '_time', '_event', exclude => 'sum(r) > 900', options => '{"algorithm": "logistic", "allow_small": true,
    "timezone": "America/New_York"}');
SELECT j.* = k.* AS same, j.* FROM own.judge('plain') j, own.judge('named') k;
SELECT count(*) AS profiles, count(*) FILTER (WHERE web) AS positives FROM (
    SELECT bool_or(event = 'buy' AND channel = 'web' AND at > cutoff AND at <= cutoff + interval '30 days') AS web
    FROM own.plain, (SELECT timestamptz '2025-07-01' AT TIME ZONE 'America/New_York' AS cutoff) c GROUP BY customer_id
    HAVING bool_or(at > cutoff - interval '45 days' AND at <= cutoff)
        AND coalesce(sum(amount) FILTER (WHERE at <= cutoff), 0) <= 900) x;
-- The newest event is that of the user's _time, and live predictions are those of the batch.
SET client_min_messages = error;
SELECT examples > 100 AS trained FROM customer_ai.train('named');
SELECT as_of AT TIME ZONE 'America/New_York' = (SELECT max(_time) FROM own.all_names) AS same FROM customer_ai.score('named');
SELECT count(*) > 20 AS scored, count(*) FILTER (WHERE p.probability <> s.probability) AS different
FROM own.named_scores s, customer_ai.predict('named', s.e) p;
SELECT customer_ai.create_segment('own.some', 'named', $$ e LIKE 'k1%' $$);
-- A second source of other names beside it.
SELECT customer_ai.add_events('named', 'own.plain', 'customer_id', 'at', 'event', where_clause => 'false');
SELECT j.* = k.* AS same FROM own.judge('plain') j, own.judge('named') k;
SELECT customer_ai.drop_model('named');

-- A profile column called as one of the score relation's columns gives way there.
CREATE VIEW own.as_run AS SELECT customer_id AS run, at, event FROM own.plain;
SELECT customer_ai.create_model('named', 'own.as_run', $$ event = 'buy' $$, '30 days', 'run', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}');
SET client_min_messages = error;
SELECT examples > 100 AS trained FROM customer_ai.train('named');
SELECT profiles > 20 AS scored FROM customer_ai.score('named');
SELECT count(*) FILTER (WHERE p.probability <> s.probability) AS different
FROM own.named_scores s, customer_ai.predict('named', s.profile) p;
SELECT customer_ai.drop_model('named');

-- Keys of type char(n): alone, beside texts in another source, the other way round, and under a domain.
CREATE DOMAIN own.code AS char(12);
CREATE TABLE own.padded AS SELECT customer_id::char(12) AS customer_id, at, event::char(9) AS event, channel::char(7) AS channel, amount FROM own.plain;
CREATE TABLE own.coded AS SELECT customer_id::own.code AS customer_id, at, event, channel, amount FROM own.plain;
CREATE TABLE own.buys AS SELECT customer_id::varchar(4) AS customer_id, at, event, channel, amount FROM own.plain WHERE event = 'buy';
CREATE VIEW own.visits AS SELECT * FROM own.padded WHERE event = 'visit';
CREATE FUNCTION own.same_as_plain(events regclass, others regclass, goal text) RETURNS TABLE (profiles boolean, scores boolean,
    live boolean, explained boolean, joined boolean, features boolean) LANGUAGE plpgsql AS $$
DECLARE j record; k record;
BEGIN
    SET LOCAL client_min_messages = error;
    PERFORM customer_ai.create_model('named', events, goal, '30 days', 'customer_id', 'at', 'event',
        exclude => 'sum(amount) > 900', options => '{"algorithm": "logistic", "allow_small": true, "timezone": "America/New_York"}');
    IF others IS NOT NULL THEN
        PERFORM customer_ai.add_events('named', others, 'customer_id', 'at', 'event');
    END IF;
    PERFORM examples FROM customer_ai.train('named');
    PERFORM run FROM customer_ai.score('named');
    RETURN QUERY EXECUTE $q$
        SELECT (SELECT x.* = y.* FROM own.judge('plain') x, own.judge('named') y),
            count(*) = (SELECT count(*) FROM own.full_scores),
            bool_and(a.probability = s.probability),
            bool_and(abs(c.impact - ln(s.probability / (1 - s.probability))) < 1e-6),
            count(f.customer_id) = count(*),
            (SELECT array_agg(DISTINCT profile ORDER BY profile) FROM customer_ai.features('named'))
                = (SELECT array_agg(rtrim(customer_id::text) ORDER BY rtrim(customer_id::text)) FROM own.full_scores)
        FROM own.named_scores s LEFT JOIN own.full_scores f ON f.customer_id = s.customer_id AND abs(f.probability - s.probability) < 1e-9,
            customer_ai.predict('named', rtrim(s.customer_id::text)) a,
            LATERAL (SELECT sum(impact) AS impact FROM customer_ai.explain('named', rtrim(s.customer_id::text))) c $q$;
    PERFORM customer_ai.drop_model('named');
END $$;
SELECT customer_ai.create_model('full', 'own.plain', $$ event = 'buy' AND channel = 'web' $$, '30 days', 'customer_id', 'at', 'event',
    exclude => 'sum(amount) > 900', options => '{"algorithm": "logistic", "allow_small": true, "timezone": "America/New_York"}');
SET client_min_messages = error;
SELECT examples > 100 AS trained FROM customer_ai.train('full');
SELECT profiles > 20 AS scored FROM customer_ai.score('full');
\x on
SELECT * FROM own.same_as_plain('own.padded', NULL, $$ event = 'buy' AND channel = 'web' $$);
SELECT * FROM own.same_as_plain('own.coded', NULL, $$ event = 'buy' AND channel = 'web' $$);
SELECT * FROM own.same_as_plain('own.visits', 'own.buys', $$ event = 'buy' AND channel = 'web' $$);
SELECT * FROM own.same_as_plain('own.buys', 'own.visits', $$ event = 'buy' AND channel = 'web' $$);
\x off
SELECT customer_ai.drop_model('full');
SELECT customer_ai.drop_model('plain');

-- What stands for unknown where NULL should is pointed out: as a key, as a text, as a number.
CREATE TABLE own.unknown AS
SELECT CASE WHEN own.draw('n' || customer_id || at) < 0.2 THEN 0 ELSE substr(customer_id, 2)::int END AS user_id, at, event,
    CASE WHEN amount % 4 = 0 THEN ' N/A' WHEN amount % 4 = 1 THEN '' ELSE channel END AS channel,
    CASE WHEN amount % 5 = 0 THEN -1 ELSE amount END AS amount, CASE WHEN amount % 2 = 0 THEN 0 ELSE amount END AS discount,
    CASE WHEN amount % 3 = 0 THEN -1 ELSE amount - 50 END AS balance
FROM own.plain;
SELECT customer_ai.create_model('unknown', 'own.unknown', $$ event = 'buy' $$, '30 days', 'user_id', 'at', 'event');
\x on
SELECT * FROM customer_ai.check_model('unknown') WHERE check_model.check ~ 'stand|placeholder';
\x off
SELECT user_id, round(100.0 * count(*) / sum(count(*)) OVER ()) AS percent FROM own.unknown GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1;
SELECT customer_ai.drop_model('unknown');
SET client_min_messages = error;
DROP SCHEMA own CASCADE;
