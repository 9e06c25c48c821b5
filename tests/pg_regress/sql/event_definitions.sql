-- Events by a condition, with a name of their own: a type in features, a column in conditions. What they say equals what a
-- view says that writes the types by hand.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA def;
CREATE TABLE def.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        (p * 7 + n * 13) % 50 AS amount, CASE WHEN (p + n) % 3 = 0 THEN 'view' ELSE 'buy' END AS what
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE VIEW def.by_hand AS
    SELECT profile, at, amount, CASE WHEN what = 'buy' AND amount > 40 THEN 'Large order' WHEN amount > 30 THEN 'Middle' ELSE what END AS what,
        what = 'buy' AND amount > 40 AS large FROM def.visit;
SELECT customer_ai.create_model(m, r, 'amount > 25', '14 days', 'profile', 'at', 'what', options => o)
FROM (VALUES ('m', 'def.visit'::regclass, '{"algorithm": "logistic"}'::jsonb),
    ('hand', 'def.by_hand', '{"algorithm": "logistic", "ignore": ["large"]}')) v (m, r, o);
SET client_min_messages = notice;

SELECT customer_ai.add_event_definition('m', 'Large order', $$ what = 'buy' AND amount > 40 -- large $$);
SELECT customer_ai.add_event_definition('m', 'Middle', 'amount > 30');
SELECT * FROM customer_ai.event_definitions;

-- refused
SELECT customer_ai.add_event_definition('m', 'Middle', 'amount > 31');
SELECT customer_ai.add_event_definition('m', 'amount', 'amount > 31');
SELECT customer_ai.add_event_definition('m', 'event', 'amount > 31');
SELECT customer_ai.add_event_definition('m', ' ', 'amount > 31');
SELECT customer_ai.add_event_definition('m', repeat('x', 64), 'amount > 31');
SELECT customer_ai.add_event_definition('m', 'Other', 'amuont > 31');
SELECT customer_ai.add_event_definition('m', 'Other', 'sum(amount) > 31');
SELECT customer_ai.add_event_definition('m', 'Other', 'at > now()');
SELECT customer_ai.add_event_definition('m', 'Other', 'amount');
SELECT customer_ai.add_event_definition('m', 'Other', '"Middle"');
SELECT customer_ai.remove_event_definition('m', 'Other');
SELECT customer_ai.add_event_definition('m', NULL, 'true');
SELECT customer_ai.add_event_definition('m', 'Middle', 'amount > 31', if_not_exists => true);
-- there already
SELECT customer_ai.add_event_definition('m', 'Middle', ' amount > 30', if_not_exists => true);
SELECT * FROM customer_ai.event_definitions;

-- the same features, model and scores as by hand
SET client_min_messages = error;
SELECT m.version, m.auc = h.auc AS same, m.positives = h.positives AS same FROM customer_ai.train('m') m, customer_ai.train('hand') h;
CREATE TEMP TABLE mine AS SELECT * FROM customer_ai.features('m');
CREATE TEMP TABLE theirs AS SELECT * FROM customer_ai.features('hand');
SELECT count(*) > 1000 AS many, count(*) FILTER (WHERE feature LIKE '%Large order%') > 100 AS of_large FROM mine;
SELECT count(*) AS different FROM mine m FULL JOIN theirs t USING (profile, feature) WHERE m.value IS DISTINCT FROM t.value;
SELECT m.profiles = h.profiles AS same FROM customer_ai.score('m') m, customer_ai.score('hand') h;
SELECT count(*) AS different FROM def.m_scores m FULL JOIN def.hand_scores h USING (profile)
WHERE (m.probability, m.factors) IS DISTINCT FROM (h.probability, h.factors);
SELECT p.probability = s.probability AS live FROM (SELECT * FROM def.m_scores ORDER BY profile LIMIT 1) s, customer_ai.predict('m', s.profile) p;
SELECT m.probability = h.probability AS supposed, m.probability <> n.probability AS otherwise
FROM customer_ai.predict('m', 7, what_if => '[{"event": "buy", "amount": 45}]') m,
    customer_ai.predict('hand', 7, what_if => '[{"event": "Large order", "amount": 45}]') h, customer_ai.predict('m', 7) n;
SELECT count(*) > 0 AS named FROM customer_ai.explain('m', 7) WHERE factor LIKE '%Large order%';
SET client_min_messages = notice;

-- in conditions a column beside event, which is what it was
SELECT customer_ai.alter_model('m', goal => $$ "Large order" AND event = 'buy' $$, eligible => $$ count(*) FILTER (WHERE "Middle") >= 2 $$);
SELECT customer_ai.alter_model('hand', goal => 'large', eligible => $$ count(*) FILTER (WHERE amount > 30) >= 2 $$);
SET client_min_messages = error;
SELECT m.examples > 100 AS many, m.positives BETWEEN 1 AND m.examples - 1 AS some, m.positives = h.positives AS same
FROM customer_ai.train('m') m, (SELECT * FROM customer_ai.train('hand')) h;
SET client_min_messages = notice;
SELECT customer_ai.remove_event_definition('m', 'Large order');
SELECT customer_ai.alter_model('m', goal => 'amount > 25');
SELECT customer_ai.remove_event_definition('m', 'Large order');
SELECT name FROM customer_ai.event_definitions;

-- a copy has them, and a drop leaves none
SELECT customer_ai.clone_model('m', 'copy');
SELECT model, name FROM customer_ai.event_definitions ORDER BY 1, 2;
SET client_min_messages = error;
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
SELECT count(*) FROM customer_ai.event_definition;
DROP SCHEMA def CASCADE;
