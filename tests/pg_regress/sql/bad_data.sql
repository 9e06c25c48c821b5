-- Data that no model can be learned from: each has a message of its own, and nothing is written.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE visit (profile int, at timestamptz, kind text);
SELECT customer_ai.create_model('m', 'visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind') IS NOT NULL AS defined;

-- not trained yet
SELECT customer_ai.score('m');
SELECT customer_ai.predict('m', '1');
SELECT customer_ai.explain('m', '1');
SELECT customer_ai.create_segment('public.buyers', 'm', 'true');

-- no events
SELECT customer_ai.train('m');
SELECT * FROM customer_ai.features('m');
SELECT * FROM customer_ai.features('m', as_of => '2025-01-01');
SELECT * FROM customer_ai.describe_features('m');
SELECT "check", ok FROM customer_ai.check_model('m') WHERE NOT ok ORDER BY 1;

-- events, but none with a profile and a finite time
INSERT INTO visit SELECT NULL, timestamptz '2025-01-01' + n * interval '1 hour', 'look' FROM generate_series(1, 100) n;
INSERT INTO visit SELECT n, NULL, 'look' FROM generate_series(1, 100) n;
INSERT INTO visit SELECT n, 'infinity', 'look' FROM generate_series(1, 100) n;
INSERT INTO visit SELECT n, '-infinity', 'look' FROM generate_series(1, 100) n;
SELECT customer_ai.train('m');

-- events after the instant asked for only, and after now only
INSERT INTO visit SELECT n, timestamptz '2025-06-01' + n * interval '1 hour', 'look' FROM generate_series(1, 10) n;
SELECT customer_ai.train('m', as_of => '2025-05-01');
SELECT * FROM customer_ai.features('m', as_of => '2025-05-01');
UPDATE visit SET at = at + interval '1000 years' WHERE at BETWEEN '2025-06-01' AND '2025-07-01';
SELECT customer_ai.train('m');
SELECT "check", actual FROM customer_ai.check_model('m') WHERE NOT ok;
DELETE FROM visit WHERE at BETWEEN '3025-01-01' AND '3026-01-01';
-- too little history
INSERT INTO visit SELECT n, timestamptz '2025-01-01' + n * interval '1 minute', 'look' FROM generate_series(1, 500) n;
SELECT customer_ai.train('m');

-- a goal that never happens, and one that always does
INSERT INTO visit
    SELECT p, timestamptz '2025-01-01' + n * interval '3 days' + p * interval '1 minute', 'look'
    FROM generate_series(1, 500) p, generate_series(1, 60) n;
SELECT customer_ai.train('m');
UPDATE visit SET kind = 'buy';
SELECT customer_ai.train('m');

-- too few of one outcome
UPDATE visit SET kind = CASE WHEN profile = 7 THEN 'buy' ELSE 'look' END;
SELECT customer_ai.train('m');

-- as of an instant that is not one
SELECT customer_ai.train('m', as_of => 'infinity');
SELECT customer_ai.train('m', as_of => '2999-01-01');

-- the table is gone
ALTER TABLE visit RENAME TO visits;
SELECT customer_ai.train('m');
ALTER TABLE visits RENAME TO visit;
ALTER TABLE visit RENAME COLUMN at TO seen_at;
SELECT customer_ai.train('m');

SELECT count(*) AS versions FROM customer_ai.versions;
SELECT count(*) AS runs FROM customer_ai.runs;
SELECT customer_ai.drop_model('m') IS NOT NULL AS dropped;
DROP TABLE visit;
