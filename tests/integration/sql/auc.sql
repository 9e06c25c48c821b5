-- Area under the ROC curve of table judged (probability, outcome) in the current database, by ranks with ties at
-- the middle (Hanley and McNeil 1982). Independent of the extension's own measure.
CREATE TABLE judged (probability double precision, outcome boolean);
CREATE VIEW auc AS
WITH ranked AS (
    SELECT outcome, rank() OVER (ORDER BY probability) + (count(*) OVER (PARTITION BY probability) - 1) / 2.0 AS rank
    FROM judged
), counted AS (
    SELECT count(*) FILTER (WHERE outcome) AS positives, count(*) FILTER (WHERE NOT outcome) AS negatives,
        sum(rank) FILTER (WHERE outcome) AS ranks
    FROM ranked
)
SELECT (ranks - positives * (positives + 1) / 2.0) / (positives * negatives) AS auc, positives, negatives FROM counted;
