-- A goal with an aggregate that says the same as one about an event finds the same outcomes, over one source or two.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        CASE WHEN (p + n) % 3 = 0 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 200) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE call AS
    SELECT p AS profile, (timestamptz '2025-01-01' + n * interval '9 days')::date AS at
    FROM generate_series(1, 200) p, generate_series(1, 20) n WHERE (p * n) % 7 = 1;
SELECT customer_ai.create_model(model, 'visit', goal, '14 days', 'profile', 'at', 'kind', eligible => eligible,
    options => '{"algorithm": "logistic", "allow_small": true, "timezone": "UTC"}')
FROM (VALUES ('by_event', $$ kind = 'buy' $$, $$ kind = 'look' $$),
    ('by_events', $$ bool_or(kind = 'buy') $$, $$ count(*) FILTER (WHERE kind = 'look') > 0 $$)) AS given (model, goal, eligible);
SELECT count(t.version) AS trained FROM customer_ai.models m, LATERAL customer_ai.train(m.model) t;
SELECT count(DISTINCT (rows, positives)) AS outcomes, bool_and(positives > 0) AS positive FROM customer_ai.versions;

SELECT customer_ai.add_events(model, 'call', event_type => 'call') FROM customer_ai.models ORDER BY model;
SELECT count(t.version) AS trained FROM customer_ai.models m, LATERAL customer_ai.train(m.model) t;
SELECT version, count(DISTINCT (rows, positives)) AS outcomes FROM customer_ai.versions GROUP BY version ORDER BY version;

-- the aggregates see the events of both sources
SELECT customer_ai.create_model('calls', 'visit', $$ bool_or(event = 'call') AND NOT bool_and(event = 'call') $$, '14 days',
    'profile', 'at', 'kind', options => '{"algorithm": "logistic", "allow_small": true, "timezone": "UTC"}');
SELECT customer_ai.add_events('calls', 'call', event_type => 'call');
SELECT count(*) AS trained FROM customer_ai.train('calls');
SELECT positives > 0 AND positives < rows AS "some" FROM customer_ai.versions WHERE model = 'calls';
SELECT customer_ai.drop_model(model) FROM customer_ai.models ORDER BY model;
DROP TABLE visit, call;
