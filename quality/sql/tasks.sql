-- Goal, population and attributes of each task. Cutoffs, window and expected figure come from tasks.json, the figures
-- of the reference implementation from its README.md, those of the frozen protocol from section 5 of recipe.md.
\cd :reference
\set specs `cat tasks.json`
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
WHERE :'only' = '' OR name = ANY (string_to_array(:'only', ' '));

SET client_min_messages = error;
CALL run('cdnow_90', 'cdnow', 'true');
CALL run('cdnow_30', 'cdnow', 'true', eligible_window => '180 days');
CALL run('retail_30', 'retail', $$ event = 'purchase' $$, eligible => $$ event = 'purchase' $$,
    profiles => 'retail_profile');
CALL run('retail_churn60', 'retail', $$ event = 'purchase' $$, occurs => false, eligible => $$ event = 'purchase' $$,
    eligible_window => '90 days', profiles => 'retail_profile');
CALL run('cj_churn28', 'journey', $$ event = 'purchase' $$, occurs => false, eligible => $$ event = 'purchase' $$,
    eligible_window => '28 days', profiles => 'journey_profile');
CALL run('cj_seafood28', 'journey', $$ department LIKE 'SEAFOOD%' $$, eligible => $$ event = 'purchase' $$,
    eligible_window => '28 days', profiles => 'journey_profile');
CALL run('cj_coupon28', 'journey', $$ event = 'redeem' $$, eligible => $$ event = 'purchase' $$,
    eligible_window => '28 days', profiles => 'journey_profile');
-- On a running course: it has begun, less than 230 days ago, and was not left.
CREATE VIEW left_course AS SELECT profile, ts FROM course WHERE event = 'unregister';
CALL run('oulad_diseng14', 'course_clicks', $$ event NOT IN ('register', 'unregister') AND event NOT LIKE 'submit%' $$,
    occurs => false, eligible => $$ event NOT IN ('register', 'unregister') AND event NOT LIKE 'submit%' $$,
    eligible_window => '14 days', profiles => 'course_profile',
    also => $$ (SELECT presentation_start <= c.cutoff AND presentation_start + 230 > c.cutoff FROM course_profile a
            WHERE a.profile = p.profile)
        AND NOT EXISTS (SELECT FROM left_course l WHERE l.profile = p.profile AND l.ts <= c.cutoff) $$);
CALL run('oulad_unreg28', 'course', $$ event = 'unregister' $$, eligible => $$ event = 'register' $$,
    profiles => 'course_profile',
    also => $$ (SELECT presentation_start <= c.cutoff AND presentation_start + 230 > c.cutoff FROM course_profile a
            WHERE a.profile = p.profile)
        AND NOT EXISTS (SELECT FROM left_course l WHERE l.profile = p.profile AND l.ts <= c.cutoff) $$);
-- Less than 45 days old and not decided.
CALL run('bpic_act14', 'loan', $$ event = 'A_ACTIVATED' $$, profiles => 'loan_profile',
    also => $$ (SELECT min(ts) > c.cutoff - interval '45 days' AND
            count(*) FILTER (WHERE event IN ('A_ACTIVATED', 'A_DECLINED', 'A_CANCELLED') AND ts <= c.cutoff) = 0
        FROM loan l WHERE l.profile = p.profile) $$);
CALL run_relbench('f1_dnf', 'f1_dnf', 'race', $$ event = 'race_result' AND "statusId" <> 1 $$);
CALL run_relbench('f1_top3', 'f1_top3', 'race', $$ event = 'qualifying' AND position <= 3 $$);
CALL run_relbench('f1_dnf_frozen', 'f1_dnf', 'race_frozen', $$ event = 'race_result' AND "statusId" <> 1 $$);
CALL run_relbench('f1_top3_frozen', 'f1_top3', 'race_frozen', $$ event = 'qualifying' AND position <= 3 $$);
