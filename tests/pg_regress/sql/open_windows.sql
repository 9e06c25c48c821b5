-- A window that is open by the clock is open whatever the events say: performance does not read them for that. One that has ended by the
-- clock is open as long as no event is known from behind it.
SET client_min_messages = error;
CREATE TABLE live AS
    SELECT p AS profile, now() - (n * (1 + p % 7) + p % 13 * 0.1) * interval '1 day' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
-- Makes a model and scores as of the newest event; says what performance does, and how often it has read the events.
CREATE FUNCTION performed() RETURNS TABLE (state text, came numeric, readings bigint) LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    PERFORM customer_ai.create_model('live', 'live', 'true', '14 days', 'profile', 'at', options => '{"algorithm": "logistic", "allow_small": true}');
    PERFORM customer_ai.train('live');
    PERFORM customer_ai.score('live');
    before := pg_stat_get_xact_numscans('live'::regclass);
    SELECT p.state, sum(p.actual) INTO STRICT performed.state, came FROM customer_ai.performance('live') p GROUP BY p.state;
    readings := pg_stat_get_xact_numscans('live'::regclass) - before;
    RETURN NEXT;
END $$;
SELECT * FROM performed();
SELECT customer_ai.drop_model('live');
UPDATE live SET at = at - interval '20 days';
SELECT * FROM performed();
-- one profile comes in the window, another one after it
INSERT INTO live SELECT 7, max(as_of) + interval '1 day' FROM customer_ai.performance('live');
INSERT INTO live VALUES (8, now());
SELECT state, sum(actual) AS came, bool_and(actual = (SELECT count(*) FROM live_scores s WHERE s.bucket = p.bucket AND s.profile = 7)) AS in_its_bucket
FROM customer_ai.performance('live') p GROUP BY state;
SELECT customer_ai.drop_model('live');
DROP FUNCTION performed;
DROP TABLE live;
