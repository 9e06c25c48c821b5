-- The area under the curve of the newest scores, by ranks, ties sharing theirs.
INSERT INTO bench.rival_result (events, way, stage, seconds)
WITH bought AS (SELECT DISTINCT customer_id FROM bench.rival
        WHERE etype = 'purchase' AND ts > '2026-05-02' AND ts <= timestamptz '2026-05-02' + interval '30 days'),
    ranked AS (SELECT b.customer_id IS NOT NULL AS outcome,
            rank() OVER (ORDER BY probability) + (count(*) OVER (PARTITION BY probability) - 1) / 2.0 AS place
        FROM bench.rival_scores s LEFT JOIN bought b USING (customer_id))
SELECT :events, 'ours', 'auc', (sum(place) FILTER (WHERE outcome)
        - count(*) FILTER (WHERE outcome) * (count(*) FILTER (WHERE outcome) + 1) / 2.0)
    / (count(*) FILTER (WHERE outcome)::double precision * count(*) FILTER (WHERE NOT outcome))
FROM ranked;
