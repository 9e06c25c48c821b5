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

SELECT customer_ai.drop_model('m');
DROP TABLE visit, member;
