-- The measures on the test rows, beside what is expected. The AUC is that of ranks, ties at the middle (Hanley and
-- McNeil 1982); the calibration error (ECE) that of ten bins of equal size. Of several seeds each measure is the mean.
CREATE VIEW unscored AS SELECT task, count(*) FROM prediction WHERE probability IS NULL GROUP BY task;
CREATE VIEW auc AS
SELECT task, min(rows) AS rows, avg(auc) AS auc, max(auc) - min(auc) AS spread
FROM (
    SELECT task, seed, count(*) AS rows, (sum(rank) FILTER (WHERE label) - positives * (positives + 1) / 2.0)
        / (positives * (count(*) - positives)) AS auc
    FROM (
        SELECT task, seed, label, count(*) FILTER (WHERE label) OVER (PARTITION BY task, seed) AS positives,
            rank() OVER (PARTITION BY task, seed ORDER BY probability)
                + (count(*) OVER (PARTITION BY task, seed, probability) - 1) / 2.0 AS rank
        FROM prediction
    ) ranked GROUP BY task, seed, positives
) seeds GROUP BY task;
CREATE VIEW log_loss AS
SELECT task, -avg(ln(CASE WHEN label THEN probability ELSE 1 - probability END)) AS log_loss
FROM prediction GROUP BY task;
CREATE VIEW ece AS
SELECT task, sum(abs(said - was)) / sum(size) AS ece
FROM (
    SELECT task, seed, count(*) AS size, sum(probability) AS said, count(*) FILTER (WHERE label) AS was
    FROM (
        SELECT *, ntile(10) OVER (PARTITION BY task, seed ORDER BY probability, cutoff, profile) AS bin
        FROM prediction
    ) binned GROUP BY task, seed, bin
) bins GROUP BY task;
CREATE VIEW judged AS
SELECT t.position, t.name AS task, t.position <= 12 AS counts, rows, expected, se, auc, spread, auc - expected AS difference,
    log_loss, ece, reference_auc, reference_log_loss, reference_ece, seconds
FROM task t JOIN auc a ON a.task = t.name JOIN log_loss l ON l.task = t.name JOIN ece e ON e.task = t.name;

\pset footer off
SELECT task, rows, round(expected, 4) AS expected, se, round(auc, 4) AS "AUC", round(spread, 4) AS spread, round(difference, 4) AS difference,
    round(log_loss::numeric, 4) AS "log loss", round(ece::numeric, 4) AS "ECE",
    reference_auc AS "AUC (reference)", reference_log_loss AS "log loss (reference)",
    reference_ece AS "ECE (reference)", round(seconds, 1) AS seconds
FROM judged ORDER BY position;
SELECT count(*) AS tasks, round(avg(expected), 4) AS expected, round(avg(auc), 4) AS "AUC",
    round(avg(auc - expected), 4) AS difference, round(avg(log_loss)::numeric, 4) AS "log loss",
    round(avg(ece)::numeric, 4) AS "ECE", round(avg(reference_auc), 4) AS "AUC (reference)",
    round(avg(reference_log_loss), 4) AS "log loss (reference)", round(avg(reference_ece), 4) AS "ECE (reference)"
FROM judged WHERE counts;

DO $$
DECLARE
    short text := (SELECT string_agg(format('%s by %s', task, round(-difference, 4)), ', ' ORDER BY position)
        FROM judged WHERE difference < -0.005);
    missing text := (SELECT string_agg(format('%s of %s', count, task), ', ') FROM unscored);
    mean numeric := (SELECT avg(difference) FROM judged WHERE counts);
BEGIN
    IF missing IS NOT NULL THEN
        RAISE 'rows without a score: %', missing;
    ELSIF short IS NOT NULL THEN
        RAISE 'short of what is expected: %', short;
    ELSIF mean < -0.002 THEN
        RAISE 'the mean is short by %', round(-mean, 4);
    END IF;
END $$;
