-- Ours beside the Python pipeline, stage by stage; medians of the rounds. Theirs is the client alone: what the
-- server spends on sending and storing rows is not in their CPU seconds.
\pset footer off
WITH ours AS (
    SELECT events, CASE
            WHEN stage IN ('rival train: features', 'rival score: features') THEN 'features'
            WHEN stage = 'rival train: fit' THEN 'fit'
            WHEN stage = 'rival score: reasons' THEN 'predictions and reasons'
            WHEN stage IN ('rival score: writing', 'rival train: writing') THEN 'writing'
            WHEN stage IN ('rival train', 'rival score') THEN 'total' END AS part,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu, max(peak) / 1024 AS peak
    FROM bench.result WHERE stage LIKE 'rival%' GROUP BY events, stage
    UNION ALL
    SELECT events, 'AUC on later events', max(seconds), NULL, NULL FROM bench.rival_result WHERE way = 'ours'
    GROUP BY events),
theirs AS (
    SELECT events, way, CASE
            WHEN stage IN ('plan', 'extract', 'feature_prep', 'features_train', 'features_score') THEN 'features'
            WHEN stage IN ('fit_logreg', 'fit_lightgbm', 'evaluate') THEN 'fit'
            WHEN stage IN ('predict', 'shap_logreg', 'shap_lightgbm') THEN 'predictions and reasons'
            WHEN stage = 'write_back' THEN 'writing' WHEN stage = 'total' THEN 'total'
            WHEN stage LIKE 'auc %' THEN 'AUC on later events' END AS part,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu, max(peak) AS peak
    FROM bench.rival_result WHERE way <> 'ours' GROUP BY events, way, stage),
o AS (SELECT events, part, sum(seconds) AS seconds, sum(cpu) AS cpu, max(peak) AS peak FROM ours GROUP BY events, part),
t AS (SELECT events, way, part, CASE WHEN part LIKE 'AUC%' THEN max(seconds) ELSE sum(seconds) END AS seconds,
        sum(cpu) AS cpu, max(peak) AS peak FROM theirs WHERE part IS NOT NULL GROUP BY events, way, part)
SELECT to_char(t.events, '999,999,999') AS events, t.way AS rival, t.part AS stage,
    round(o.seconds::numeric, 3) AS "ours, s", round(t.seconds::numeric, 3) AS "theirs, s",
    CASE WHEN part NOT LIKE 'AUC%' THEN round((t.seconds / nullif(o.seconds, 0))::numeric, 1) END AS "times faster",
    round(o.cpu::numeric, 2) AS "our CPU s", round(t.cpu::numeric, 2) AS "their CPU s",
    CASE WHEN part = 'total' THEN o.peak END AS "our peak MB",
    CASE WHEN part = 'total' THEN round(t.peak::numeric) END AS "their peak MB"
FROM t JOIN o USING (events, part)
ORDER BY t.events, t.way, array_position(ARRAY['features', 'fit', 'predictions and reasons', 'writing', 'total'], part);
