-- The active version as SQL over features says what predict and score say, to 1e-9: logistic regression, trees and both, with
-- missing values, categories, and names that need quoting.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        CASE WHEN (p + n) % 5 > 0 THEN ((p * 7 + n * 13) % 50 - 10) * 1.37 END AS amount,
        (ARRAY['it''s', 'a "b"', 'view'])[1 + (p + n) % 3] AS "what is"
    FROM generate_series(1, 600) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE person AS SELECT p AS profile, CASE WHEN p % 4 > 0 THEN 'grade ''' || p % 3 END AS grade, CASE WHEN p % 7 > 0 THEN p::float8 / 3 END AS size
    FROM generate_series(1, 600) p;
CREATE TABLE said (model text, profile text, probability float8);
CREATE FUNCTION say(model text, options jsonb) RETURNS TABLE (profiles bigint, probabilities bigint, missing boolean, equal boolean) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model(model, 'visit', 'amount > 35', '14 days', 'profile', 'at', 'what is', eligible_window => NULL, options => options);
    PERFORM customer_ai.add_profiles(model, 'person', 'profile');
    PERFORM customer_ai.train(model);
    PERFORM customer_ai.score(model, '2025-05-01');
    CREATE TEMP TABLE features ON COMMIT DROP AS SELECT * FROM customer_ai.features(model, '2025-05-01');
    EXECUTE format('INSERT INTO said SELECT %L, s.* FROM (%s) s', model, customer_ai.model_sql(model));
    RETURN QUERY EXECUTE format('SELECT count(*), count(DISTINCT s.probability), (SELECT bool_or(f.value IS NULL AND f.category IS NULL) FROM features f),
        bool_and(abs(s.probability - q.probability) < 1e-9)
        FROM %I s FULL JOIN (SELECT * FROM said WHERE said.model = %L) q ON q.profile = s.profile::text', model || '_scores', model);
    DROP TABLE features;
END $$;
SELECT * FROM say('linear', '{"algorithm": "logistic"}');
SELECT * FROM say('forest', '{"algorithm": "trees"}');
SELECT * FROM say('both', '{}');
SELECT abs(p.probability - s.probability) < 1e-9 AS live FROM customer_ai.predict('both', '7', '2025-05-01') p, said s WHERE s.model = 'both' AND s.profile = '7';
SELECT count(DISTINCT q.probability) = 3 AS different FROM said q WHERE profile = '7';
\set VERBOSITY default
SELECT customer_ai.model_sql('none');
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
DROP FUNCTION say;
DROP TABLE visit, person, said;
