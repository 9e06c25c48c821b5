-- Live answers: what a session keeps between them is never older than the model; the factors are, byte by byte, what their
-- text would be read as; who reads all events each time is told so once.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE SCHEMA live;
CREATE TABLE live.visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        (ARRAY['sofa "blue"', E'tab\tand\\slash', 'Bücher', 'x'])[1 + (p + n) % 4] AS kind,
        ((p * n) % 97) / 7.0 * 10 ^ (p % 9 - 4) AS amount, rpad('', 600) AS filler
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('live', 'live.visit', 'amount > 3', '14 days', 'profile', 'at', 'kind', eligible_window => NULL,
    options => '{"factors": 20, "ignore": ["filler"]}') IS NOT NULL AS defined;
SELECT version FROM customer_ai.train('live', activate => 'always');
SELECT profiles > 100 AS many FROM customer_ai.score('live');

-- Bytes of jsonb: what was written for everybody, and what is answered about one.
SELECT count(*) > 100 AS many, max(jsonb_array_length(factors)) > 8 AS long,
    bool_or(factors @? '$[*].value ? (@.type() == "null")') AS nulls,
    bool_or(factors @? '$[*].number ? (@ < 0.1 && @ > 0)') AS fractions,
    count(*) FILTER (WHERE NOT record_image_eq(ROW (factors), ROW (factors::text::jsonb))) AS differ
FROM live.live_scores;
SELECT count(*) AS profiles, count(*) FILTER (WHERE p.probability <> s.probability OR p.percentile <> s.percentile
    OR NOT record_image_eq(ROW (p.factors), ROW (s.factors))) AS differ
FROM (TABLE live.live_scores ORDER BY profile LIMIT 50) s, customer_ai.predict('live', s.profile) p;

-- One plan for all, and the same from a writing statement.
CREATE TABLE live.written AS
    SELECT s.profile, p.* FROM live.live_scores s, customer_ai.predict('live', s.profile) p;
SELECT count(*) AS differ FROM live.written w JOIN live.live_scores s USING (profile)
WHERE w.probability <> s.probability OR w.percentile <> s.percentile;

-- The session that answers is the one that changes: a newer version, a newer run, other rights, another owner.
SELECT version FROM customer_ai.train('live', as_of => '2025-06-01', activate => 'always');
SELECT p.probability <> s.probability AS changed FROM live.live_scores s, customer_ai.predict('live', s.profile, s.scored_at) p
WHERE s.profile = 17;
SELECT version FROM customer_ai.score('live');
SELECT p.probability = s.probability AS same, p.percentile = s.percentile AS rank
FROM live.live_scores s, customer_ai.predict('live', s.profile) p WHERE s.profile = 17;
CREATE ROLE live_other;
SET ROLE live_other;
SELECT probability FROM customer_ai.predict('live', 17);
RESET ROLE;

-- Told once in a session.
\c -
SELECT count(*) FROM customer_ai.predict('live', 17);
SELECT count(*) FROM customer_ai.predict('live', 18);
SET client_min_messages = error;
DROP ROLE live_other;
SELECT customer_ai.drop_model('live') IS NOT NULL AS dropped;
DROP SCHEMA live CASCADE;
