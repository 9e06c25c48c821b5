-- What is known of each task: cutoffs, window and expected figure (tasks.json), and what the reference implementation in
-- Python reaches, in RelBench's frozen protocol too. :shared says whether the data of all is there, :only names some.
\set specs `cat quality/tasks.json`
INSERT INTO task
SELECT r.*, s.spec, coalesce(frozen, (spec ->> 'expected_auroc')::numeric), (spec ->> 'expected_auroc_se')::numeric
FROM (VALUES
    (1, 'cdnow_90', 0.8404, 0.2954, 0.0073),
    (2, 'cdnow_30', 0.7177, 0.4420, 0.0182),
    (3, 'retail_30', 0.7454, 0.5546, 0.0680),
    (4, 'retail_churn60', 0.7406, 0.5824, 0.0438),
    (5, 'cj_churn28', 0.8578, 0.2426, 0.0072),
    (6, 'cj_seafood28', 0.8044, 0.3661, 0.0209),
    (7, 'cj_coupon28', 0.9007, 0.1753, 0.0211),
    (8, 'oulad_diseng14', 0.8409, 0.3625, 0.0414),
    (9, 'oulad_unreg28', 0.7582, 0.1293, 0.0092),
    (10, 'bpic_act14', 0.8142, 0.4379, 0.0405),
    (11, 'f1_dnf', 0.8420, 0.4432, 0.0533),
    (12, 'f1_top3', 0.9273, 0.2532, 0.0273),
    (13, 'f1_dnf_frozen', NULL, NULL, NULL),
    (14, 'f1_top3_frozen', NULL, NULL, NULL)
) r(position, name, auc, log_loss, ece)
CROSS JOIN LATERAL (
    SELECT :'specs'::jsonb -> replace(name, '_frozen', '') AS spec,
        CASE name WHEN 'f1_dnf_frozen' THEN 0.747 WHEN 'f1_top3_frozen' THEN 0.845 END AS frozen
) s
WHERE (:'only' = '' OR name = ANY (string_to_array(:'only', ' '))) AND (:'shared' = 'yes' OR name LIKE 'retail%');
