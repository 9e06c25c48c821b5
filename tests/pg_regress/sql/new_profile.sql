-- A profile with attributes and no events yet is predicted for by what is known of it; an unknown one is not.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = error;
CREATE TABLE visit AS
SELECT profile, timestamptz '2024-01-01 UTC' + make_interval(days => day) AS at, 'visit' AS kind
FROM generate_series(1, 200) profile, generate_series(profile % 7, 300, 3 + profile % 40) day;
CREATE TABLE member AS SELECT profile, CASE profile % 2 WHEN 0 THEN 'even' ELSE 'odd' END AS plan
FROM generate_series(1, 201) profile;
SELECT customer_ai.create_model('m', 'visit', 'true', '14 days', 'profile', 'at', 'kind', eligible_window => NULL);
SELECT customer_ai.add_profiles('m', 'member', 'profile');
SELECT examples > 0 AS trained FROM customer_ai.train('m');

SELECT probability BETWEEN 0 AND 1 AS predicted FROM customer_ai.predict('m', '201', as_of => '2024-10-01');
SELECT count(*) > 1 AS explained FROM customer_ai.explain('m', '201', as_of => '2024-10-01');
SELECT probability BETWEEN 0 AND 1 AS predicted FROM customer_ai.predict('m', '201');
SELECT * FROM customer_ai.predict('m', '202', as_of => '2024-10-01');

-- Not eligible while there is no event, nor known before the first one.
SELECT eligible FROM customer_ai.predict('m', '201', as_of => '2024-10-01');
SELECT DISTINCT eligible FROM customer_ai.explain('m', '201', as_of => '2024-10-01');
INSERT INTO visit VALUES (201, '2024-10-20', 'visit');
SELECT * FROM customer_ai.predict('m', '201', as_of => '2024-10-01');
SELECT * FROM customer_ai.explain('m', '201', as_of => '2024-10-01');
SELECT eligible FROM customer_ai.predict('m', '201', as_of => '2024-10-20 12:00');
SELECT customer_ai.drop_model('m');

-- Who is eligible is told as by score and by SQL, whatever the conditions.
CREATE FUNCTION as_scored(OUT profiles bigint, OUT eligible bigint, OUT as_scored boolean, OUT by_plain_sql boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.score('m', as_of => '2024-09-01');
    SELECT count(*), count(*) FILTER (WHERE p.eligible),
        bool_and(p.eligible = EXISTS (SELECT FROM m_scores s WHERE s.profile = v.profile)), bool_and(p.eligible = v.eligible)
    INTO $1, $2, $3, $4
    FROM by_sql v, LATERAL customer_ai.predict('m', v.profile::text, as_of => '2024-09-01') p;
END $$;
CREATE VIEW by_sql AS
SELECT profile, count(*) FILTER (WHERE at > timestamptz '2024-09-01' - interval '30 days') >= 3
    AND NOT bool_or(at > timestamptz '2024-09-01' - interval '2 days') AS eligible
FROM visit WHERE at <= timestamptz '2024-09-01' GROUP BY profile;
SELECT customer_ai.create_model('m', 'visit', 'true', '3 days', 'profile', 'at', 'kind', eligible => 'count(*) >= 3', eligible_window => '30 days',
    exclude => 'bool_or(at > cutoff - interval ''2 days'')', options => '{"algorithm": "logistic", "timezone": "America/Los_Angeles"}');
SELECT examples > 0 AS trained FROM customer_ai.train('m');
SELECT * FROM as_scored();
SELECT customer_ai.drop_model('m');
-- Over no events: who was away for a fortnight.
CREATE OR REPLACE VIEW by_sql AS
SELECT profile, NOT bool_or(at > timestamptz '2024-09-01' - interval '14 days') AS eligible
FROM visit WHERE at <= timestamptz '2024-09-01' GROUP BY profile;
SELECT customer_ai.create_model('m', 'visit', 'true', '14 days', 'profile', 'at', 'kind', eligible => 'count(*) = 0', eligible_window => '14 days',
    options => '{"algorithm": "logistic", "timezone": "America/Los_Angeles"}');
SELECT examples > 0 AS trained FROM customer_ai.train('m');
SELECT * FROM as_scored();
SELECT customer_ai.drop_model('m');
-- About single events.
CREATE OR REPLACE VIEW by_sql AS
SELECT profile, bool_or(at > timestamptz '2024-09-01' - interval '10 days') AS eligible
FROM visit WHERE at <= timestamptz '2024-09-01' GROUP BY profile;
SELECT customer_ai.create_model('m', 'visit', 'true', '14 days', 'profile', 'at', 'kind', eligible_window => '10 days', options => '{"algorithm": "logistic", "timezone": "America/Los_Angeles"}');
SELECT examples > 0 AS trained FROM customer_ai.train('m');
SELECT * FROM as_scored();
SELECT customer_ai.drop_model('m');
DROP VIEW by_sql;
DROP FUNCTION as_scored;
DROP TABLE visit, member;
