-- A table whose rows are updated says so: its values of today are used at every cutoff. What is left out is named too.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE SCHEMA kept;
CREATE TABLE kept.act (profile int, at timestamptz, kind text, amount int, span tsrange, place point) PARTITION BY RANGE (at);
CREATE TABLE kept.act_1 PARTITION OF kept.act FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE kept.act_2 PARTITION OF kept.act FOR VALUES FROM ('2025-04-01') TO ('2026-01-01');
INSERT INTO kept.act SELECT p, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) + p * interval '1 minute',
    CASE WHEN (p * 31 + n * 17) % 11 < p % 5 THEN 'buy' ELSE 'look' END, n % 9, NULL, NULL
FROM generate_series(1, 300) p, generate_series(1, 30) n;
CREATE VIEW kept.seen AS SELECT * FROM kept.act WHERE kind IS NOT NULL;
CREATE VIEW kept.seen_again AS SELECT * FROM kept.seen;
CREATE TABLE kept.person AS SELECT p AS profile, p % 3 AS level, timestamptz '2025-01-01' AS since, NULL::tsrange AS held FROM generate_series(1, 300) p;
SELECT customer_ai.create_model('kept', 'kept.seen_again', $$ kind = 'buy' $$, '10 days', 'profile', 'at', 'kind', eligible_window => NULL) IS NOT NULL AS defined;
SELECT customer_ai.add_profiles('kept', 'kept.person', 'profile') IS NOT NULL AS added;

CREATE FUNCTION kept.checks() RETURNS TABLE ("check" text, actual text, ok boolean) LANGUAGE sql AS $$
    SELECT "check", actual, ok FROM customer_ai.check_model('kept') WHERE "check" ~ 'updated|left out' ORDER BY "check" COLLATE "C" $$;
CREATE PROCEDURE kept.train() LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL client_min_messages = notice;
    PERFORM customer_ai.train('kept', as_of => '2025-05-20');
END $$;
-- Inserted only, then corrected a little: nothing to be said.
SELECT * FROM kept.checks();
UPDATE kept.act SET amount = 4 WHERE profile = 7 AND amount = 3;
UPDATE kept.person SET level = 1 WHERE profile = 7 AND level <> 1;
SELECT count(*) FROM kept.checks() WHERE "check" ~ 'updated';
-- Of a partition below two views, and of an undated profile source.
UPDATE kept.act SET amount = amount + 1 WHERE at >= '2025-04-01' AND profile < 151;
UPDATE kept.person SET level = level + 1 WHERE profile <= 30;
SELECT c."check", c.required, c.actual, c.ok, c.hint FROM customer_ai.check_model('kept') c WHERE c."check" ~ 'updated|left out' ORDER BY c."check" COLLATE "C";
CALL kept.train();
-- Rows with a date say since when they hold.
SELECT customer_ai.remove_profiles('kept', 'kept.person') IS NOT NULL AS removed;
SELECT customer_ai.add_profiles('kept', 'kept.person', 'profile', valid_from_column => 'since') IS NOT NULL AS added;
SELECT * FROM kept.checks();
SELECT customer_ai.drop_model('kept') IS NOT NULL AS dropped;
