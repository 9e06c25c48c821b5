-- A type of an extension means in conditions what it means after WHERE, and is one category whatever its case. Skipped where
-- the extension is not installed.
\set VERBOSITY default
\set SHOW_CONTEXT never
SELECT count(*) = 0 AS missing FROM pg_available_extensions WHERE name = 'citext' \gset
\if :missing
\quit
\endif
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA ci;
CREATE EXTENSION citext SCHEMA ci;
CREATE FUNCTION ci.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE ci.plain AS
SELECT p AS customer_id, timestamptz '2025-01-01' + (d + ci.draw('t' || p || '/' || d)) * interval '1 day' AS at,
    CASE WHEN ci.draw('k' || p || '/' || d) < 0.4 THEN 'buy' ELSE 'visit' END AS event,
    (ARRAY['web', 'app', 'shop'])[1 + floor(ci.draw('c' || p || '/' || d) * 3)::int] AS channel
FROM generate_series(1, 120) p, generate_series(0, 239) d
WHERE ci.draw('e' || p || '/' || d) < 0.01 + 0.1 * ci.draw('r' || p);
CREATE TABLE ci.mixed AS
SELECT customer_id, at, (CASE WHEN customer_id % 2 = 0 THEN initcap(event) ELSE event END)::ci.citext AS event,
    (CASE WHEN customer_id % 3 = 0 THEN upper(channel) ELSE channel END)::ci.citext AS channel
FROM ci.plain;
CREATE FUNCTION ci.judge(model text, OUT profiles bigint, OUT positives bigint, OUT auc text) LANGUAGE sql AS $$
    SELECT test_profiles, round(test_profiles * base_rate), auc FROM customer_ai.backtest(model, ARRAY[timestamptz '2025-07-01'])
$$;
SELECT customer_ai.create_model('plain', 'ci.plain', $$ event = 'buy' AND channel = 'web' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}');
SET search_path = ci;
SELECT customer_ai.create_model('mixed', 'ci.mixed', $$ event = 'BUY' AND channel = 'Web' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}');
RESET search_path;
SELECT goal_sql FROM customer_ai.model WHERE name = 'mixed';
-- The same labels and the same features, also beside a source without the column, and one with its own where_clause.
SELECT j.* = k.* AS same, j.profiles, j.positives FROM ci.judge('plain') j, ci.judge('mixed') k;
SELECT DISTINCT feature FROM customer_ai.features('mixed', as_of => '2025-07-01') WHERE feature ~* 'buy.*all' ORDER BY 1;
CREATE TABLE ci.buys AS SELECT customer_id, at, channel::ci.citext FROM ci.plain WHERE event = 'buy';
CREATE VIEW ci.visits AS SELECT * FROM ci.mixed WHERE lower(event::text) = 'visit';
SET search_path = ci;
SELECT customer_ai.create_model('two', 'ci.visits', $$ event = 'BUY' AND channel = 'Web' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}');
RESET search_path;
SELECT customer_ai.add_events('two', 'ci.buys', 'customer_id', 'at', event_type => 'Buy');
SELECT j.profiles = k.profiles AND j.positives = k.positives AS same FROM ci.judge('plain') j, ci.judge('two') k;
SET search_path = ci;
SELECT customer_ai.add_events('two', 'ci.mixed', 'customer_id', 'at', 'event', where_clause => $$ event = 'NOTHING' $$);
RESET search_path;
SELECT where_sql FROM customer_ai.event_source WHERE where_sql IS NOT NULL;
-- A type column of another name: "event" is of its type, and a literal of another source is the same type in any case.
CREATE VIEW ci.named AS SELECT customer_id, at, event AS kind, channel FROM ci.visits;
SET search_path = ci;
SELECT customer_ai.create_model('three', 'ci.named', $$ event = 'BUY' AND channel = 'Web' $$, '30 days', 'customer_id', 'at', 'kind',
    options => '{"algorithm": "logistic", "allow_small": true}');
RESET search_path;
SELECT customer_ai.add_events('three', 'ci.buys', 'customer_id', 'at', event_type => 'Buy');
SELECT j.profiles = k.profiles AND j.positives = k.positives AS same FROM ci.judge('plain') j, ci.judge('three') k;
SELECT DISTINCT feature FROM customer_ai.features('three', as_of => '2025-07-01') WHERE feature ~* 'buy.*all' ORDER BY 1;
SELECT version FROM customer_ai.train('three');
SELECT p.probability = q.probability AS same FROM customer_ai.predict('three', '7', what_if => '[{"event": "bUY", "in_days": 1}]') p,
    customer_ai.predict('three', '7', what_if => '[{"event": "Buy", "in_days": 1}]') q;
-- As a key it would join what the model keeps apart; the view of the HINT runs as it is.
CREATE VIEW ci.mails AS SELECT ('U' || customer_id)::ci.citext AS mail, at, event FROM ci.plain;
SELECT customer_ai.create_model('mail', 'ci.mails', $$ event = 'buy' $$, '30 days', 'mail', 'at', 'event');
CREATE VIEW ci.mails_keyed AS SELECT *, lower(mail::text) AS mail_key FROM ci.mails;
SELECT customer_ai.create_model('mail', 'ci.mails_keyed', $$ event = 'buy' $$, '30 days', profile_column => 'mail_key');
SELECT customer_ai.drop_model(model) FROM customer_ai.models ORDER BY model;
DROP SCHEMA ci CASCADE;
