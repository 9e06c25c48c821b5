-- backtest: what it refuses, and what it says of outcomes that cannot be told apart. That it agrees with train and score
-- is shown on real data by tests/integration/backtest.sh.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET DateStyle = 'ISO';
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5 AND n * (1 + p % 7) < 190;
SELECT customer_ai.create_model('return', 'visit', 'true', '14 days', 'profile', 'at') AS model;

SELECT * FROM customer_ai.backtest(NULL, '{2025-05-01}');
SELECT * FROM customer_ai.backtest('return', NULL);
SELECT * FROM customer_ai.backtest('return', '{}');
SELECT * FROM customer_ai.backtest('return', '{2025-05-01, NULL}');
SELECT * FROM customer_ai.backtest('return', '{infinity}');
SELECT * FROM customer_ai.backtest('retrun', '{2025-05-01}');
-- a window that is not over yet, though the first one is
SELECT * FROM customer_ai.backtest('return', '{2025-05-01, 2025-07-01}');
-- nothing before it to learn from
SELECT * FROM customer_ai.backtest('return', '{2025-01-20}');

-- one row for each cutoff, in the order given, with a model that is not trained, in a transaction that cannot write
BEGIN READ ONLY;
SELECT cutoff, examples > 1000 AS learned, test_profiles, round(base_rate::numeric, 2) AS base_rate,
    auc BETWEEN auc_low AND auc_high AS has_auc, log_loss < 0.7 AS has_loss, recency_auc >= 0 AS has_recency, rfm_auc >= 0 AS has_rfm
FROM customer_ai.backtest('return', '{2025-06-01, 2025-05-01}');
COMMIT;

-- everybody returns: counted, but not measured
DELETE FROM visit WHERE at > '2025-05-01' AND at <= '2025-05-15';
INSERT INTO visit SELECT DISTINCT profile, timestamptz '2025-05-05' FROM visit;
SELECT cutoff, test_profiles, base_rate, mean_probability, auc, average_precision, log_loss, recency_auc, rfm_auc
FROM customer_ai.backtest('return', '{2025-05-01}');
SELECT (SELECT count(*) FROM customer_ai.versions) AS versions, (SELECT count(*) FROM customer_ai.runs) AS runs;
SELECT customer_ai.drop_model('return') IS NOT NULL AS dropped;
DROP TABLE visit;
