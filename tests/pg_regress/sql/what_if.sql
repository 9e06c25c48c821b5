-- predict: what if events happened, and what if single features were different.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE FUNCTION draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TYPE device AS ENUM ('phone', 'desk');
CREATE TABLE visit AS
    SELECT p AS profile, timestamp '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN draw(p || '/' || d) < (p % 10) / 20.0 THEN 'buy' ELSE 'look' END AS kind, round((100 * draw('a' || p || d))::numeric, 2) AS amount,
        (ARRAY['web', 'app'])[1 + (p + d) % 2] AS channel, (CASE WHEN p % 2 = 0 THEN 'phone' ELSE 'desk' END)::device AS device,
        jsonb_build_object('page', 'p' || d % 3) AS props
    FROM generate_series(1, 300) p, generate_series(0, 150) d WHERE draw(d || '-' || p) < 0.15;
CREATE TABLE letter AS SELECT p AS person, date '2025-01-05' + d AS sent FROM generate_series(1, 300) p, generate_series(0, 140, 7) d WHERE draw('l' || p || d) < 0.4;
CREATE TABLE person AS SELECT p AS profile, (ARRAY['free', 'pro', 'team'])[1 + p % 3] AS plan FROM generate_series(1, 300) p;
SELECT customer_ai.create_model('buy', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    options => '{"attributes": {"page": "props ->> ''page''"}}') IS NOT NULL AS defined;
SELECT customer_ai.add_events('buy', 'letter', 'person', 'sent', event_type => 'letter') IS NOT NULL AS added;
SELECT customer_ai.add_profiles('buy', 'person', 'profile', '{plan}') IS NOT NULL AS added;
SELECT count(*) AS trained FROM customer_ai.train('buy');

-- the prediction is that of the rows in the table, for many profiles, at an instant given and at that of now
CREATE TABLE supposed AS SELECT p AS profile, x.* FROM generate_series(5, 300, 15) p, LATERAL customer_ai.predict('buy', p::text, as_of => '2025-05-20 12:00',
    what_if => '[{"event": "look", "in_days": 0.5, "amount": 12.5, "channel": "web", "device": "phone", "props": {"page": "p1"}},
        {"event": "letter", "in_days": 3.5}, {"event": "buy", "in_days": 4, "amount": 80}]') x;
BEGIN;
INSERT INTO visit SELECT profile, '2025-05-21 00:00', 'look', 12.5, 'web', 'phone', '{"page": "p1"}' FROM supposed;
INSERT INTO visit SELECT profile, '2025-05-24 12:00', 'buy', 80 FROM supposed;
INSERT INTO letter SELECT profile, '2025-05-24' FROM supposed;
DELETE FROM visit WHERE at > '2025-05-20 12:00' AND at NOT IN ('2025-05-21 00:00', '2025-05-24 12:00');
DELETE FROM letter WHERE sent > '2025-05-20' AND sent <> '2025-05-24';
SELECT count(*) AS profiles, bool_and((s.probability, s.score, s.factors::text) = (p.probability, p.score, p.factors::text)) AS as_inserted
FROM supposed s, LATERAL customer_ai.predict('buy', s.profile::text, as_of => '2025-05-24 12:00') p;
ROLLBACK;
SELECT count(*) FILTER (WHERE s.probability <> p.probability) > 10 AS changed FROM supposed s, LATERAL customer_ai.predict('buy', s.profile::text, as_of => '2025-05-20 12:00') p;
-- mistakes
CREATE FUNCTION try(what_if jsonb, overrides jsonb DEFAULT NULL) RETURNS TABLE (state text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.predict('buy', '7', what_if => what_if, overrides => overrides);
    state := 'accepted';
    RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;
\pset format unaligned
\pset fieldsep ' | '
SELECT w.what_if, t.* FROM (VALUES ('{}'), ('[]'), ('[1]'), ('[{"event": "buy", "amuont": 1}]'), ('[{"event": "letter", "amount": 1}]'), ('[{"event": "buy", "amount": "12"}]'),
    ('[{"event": "buy", "at": "2025-01-01"}]'), ('[{"event": "buy", "in_days": -1}]'), ('[{"event": "buy", "in_days": "two"}]'), ('[{"in_days": 1}]'),
    ('[{"event": "letters", "source": "letter"}]'), ('[{"event": "buy", "source": "visits"}]'), ('[{"event": 1}]'), ('[{"source": "letter", "in_days": 1}]'),
    ('[{"event": "buy", "device": "phone", "channel": null}]')) w (what_if), try(w.what_if::jsonb) t;
SELECT o.overrides, t.* FROM (VALUES ('[]'), ('{"rec_any": -1}'), ('{"cnt_any_W": -5}'), ('{"cnt_any_W": "many"}'), ('{"cnt_any_W": true}'), ('{"cnt_any_V": 1}'),
    ('{"profile.plan": "gold"}'), ('{"profile.plan": 1}'), ('{"profile.plan": "pro"}'), ('{"plan": "pro"}'), ('{"rec_any": null}')) o (overrides), try(NULL, o.overrides::jsonb) t;
\pset format aligned
-- a factor of several features is not set by its name
SELECT t.state, t.detail ~ 'which has \d+ features$|which has \d+ features;' AS counted, t.hint ~ 'cnt_any' AS listed FROM try(NULL, '{"Activity in the last 14 days": 30}') t;
-- a text sets the category
SELECT count(*) AS profiles, bool_and(a.probability = b.probability) AS the_same FROM generate_series(2, 300, 30) p, -- plan of these is team
    LATERAL customer_ai.predict('buy', p::text) a, LATERAL customer_ai.predict('buy', p::text, overrides => jsonb_build_object('plan', (SELECT plan FROM person WHERE profile = p))) b;
SELECT customer_ai.drop_model('buy') IS NOT NULL AS dropped;
DROP TABLE visit, letter, person, supposed;
DROP TYPE device;
DROP FUNCTION try, draw;
