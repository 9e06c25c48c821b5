-- The data sets that may not be redistributed, and their tasks. Of each log a table of events (profile, ts, event, attributes)
-- and one of profiles, with the types that the files have: texts and whole numbers as keys, dates and timestamps without
-- a zone. :data is the folder.
\cd :data

CREATE TABLE cdnow (profile bigint, ts timestamp, cds int, amount float8);
\copy cdnow FROM PROGRAM 'gzip -dc cdnow/transactions.csv.gz' (FORMAT csv, HEADER)

-- One purchase per basket and department, redeemed coupons, campaigns that were sent.
CREATE TEMP TABLE line (household_id bigint, ts timestamp, basket_id bigint, store_id bigint, product_id bigint,
    quantity bigint, sales_value float8, retail_disc float8, coupon_disc float8, coupon_match_disc float8, week int,
    department text, brand text);
CREATE TEMP TABLE redeemed (household_id bigint, ts timestamp, coupon_upc bigint, campaign_id bigint);
CREATE TEMP TABLE sent (household_id bigint, ts timestamp, campaign_id bigint, campaign_type text, end_date timestamp);
\copy line FROM PROGRAM 'gzip -dc complete_journey/transactions.csv.gz' (FORMAT csv, HEADER)
\copy redeemed FROM PROGRAM 'gzip -dc complete_journey/coupon_redemptions.csv.gz' (FORMAT csv, HEADER)
\copy sent FROM PROGRAM 'gzip -dc complete_journey/campaign_sent.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE journey AS
SELECT household_id AS profile, ts, 'purchase' AS event, basket_id, min(store_id) AS store_id,
    coalesce(department, 'NA') AS department, NULL AS campaign_type, sum(sales_value) AS sales_value,
    sum(quantity)::bigint AS quantity, sum(retail_disc) AS retail_disc, sum(coupon_disc) AS coupon_disc
FROM line GROUP BY household_id, ts, basket_id, coalesce(department, 'NA')
UNION ALL SELECT household_id, ts, 'redeem', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM redeemed
UNION ALL SELECT household_id, ts, 'campaign', NULL, NULL, NULL, campaign_type, NULL, NULL, NULL, NULL FROM sent;
CREATE TABLE journey_profile (profile bigint, age text, income text, home_ownership text, marital_status text,
    household_size text, household_comp text, kids_count text);
\copy journey_profile FROM PROGRAM 'gzip -dc complete_journey/demographics.csv.gz' (FORMAT csv, HEADER)

-- Daily clicks of the courses that have them, submissions, registration and its withdrawal.
CREATE TEMP TABLE click (enrolment_id text, ts date, event text, id_site bigint, sum_click int, day int);
CREATE TEMP TABLE enrolment (enrolment_id text, id_student bigint, code_module text, code_presentation text,
    presentation_start date, module_presentation_length int, registration_ts date, unregistration_ts date,
    day_registration int, day_unregistration int, gender text, region text, highest_education text, imd_band text,
    age_band text, num_of_prev_attempts int, studied_credits int, disability text, final_result text, has_click_data int);
CREATE TEMP TABLE submission (enrolment_id text, ts date, event text, id_assessment bigint, score int, weight float8,
    days_before_due int, is_banked int, day int);
\copy click FROM PROGRAM 'gzip -dc oulad/clicks.csv.gz' (FORMAT csv, HEADER)
\copy enrolment FROM PROGRAM 'gzip -dc oulad/enrolments.csv.gz' (FORMAT csv, HEADER)
\copy submission FROM PROGRAM 'gzip -dc oulad/submissions.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE course AS
SELECT enrolment_id AS profile, ts, event, score, days_before_due FROM submission WHERE is_banked = 0
UNION ALL SELECT enrolment_id, registration_ts, 'register', NULL, NULL FROM enrolment WHERE registration_ts IS NOT NULL
UNION ALL
SELECT enrolment_id, unregistration_ts, 'unregister', NULL, NULL FROM enrolment WHERE unregistration_ts IS NOT NULL;
CREATE TABLE course_clicks AS
SELECT c.*, NULL::bigint AS sum_click
FROM course c JOIN enrolment e ON e.enrolment_id = c.profile WHERE e.has_click_data = 1
UNION ALL SELECT enrolment_id, ts, event, NULL, NULL, sum(sum_click) FROM click GROUP BY enrolment_id, ts, event;
CREATE TABLE course_profile AS
SELECT enrolment_id AS profile, presentation_start, code_module, gender, region, highest_education, imd_band, age_band,
    num_of_prev_attempts, studied_credits, disability
FROM enrolment;

-- Work items get their lifecycle step as part of the type.
CREATE TEMP TABLE loan_event (case_id bigint, ts timestamp, event text, lifecycle text, resource bigint, amount_req bigint);
CREATE TEMP TABLE loan_case (case_id bigint, reg_ts timestamp, amount_req bigint, activated_ts timestamp,
    declined_ts timestamp, cancelled_ts timestamp, offer_accepted_ts timestamp, offer_sent_ts timestamp);
\copy loan_event FROM PROGRAM 'gzip -dc bpic2012_loans/events.csv.gz' (FORMAT csv, HEADER)
\copy loan_case FROM PROGRAM 'gzip -dc bpic2012_loans/cases.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE loan AS
SELECT case_id AS profile, ts, CASE WHEN event LIKE 'W\_%' THEN event || '|' || lifecycle ELSE event END AS event,
    resource AS resource_id
FROM loan_event;
CREATE TABLE loan_profile AS SELECT case_id AS profile, amount_req FROM loan_case;

CREATE TEMP TABLE driver_event ("driverId" bigint, ts timestamp, event text, "raceId" bigint, round int, "circuitRef" text,
    "constructorRef" text, grid int, position int, "positionOrder" int, points float8, laps int, milliseconds bigint,
    rank int, "statusId" int, status text, finished int, wins int);
CREATE TEMP TABLE circuit ("circuitId" bigint, "circuitRef" text, name text, location text, country text, lat float8,
    lng float8, alt int);
CREATE TEMP TABLE driver ("driverId" bigint, "driverRef" text, number int, code text, forename text, surname text,
    dob date, nationality text);
\copy driver_event FROM PROGRAM 'gzip -dc f1/driver_events.csv.gz' (FORMAT csv, HEADER)
\copy circuit FROM PROGRAM 'gzip -dc f1/circuits.csv.gz' (FORMAT csv, HEADER)
\copy driver FROM PROGRAM 'gzip -dc f1/drivers.csv.gz' (FORMAT csv, HEADER)
CREATE TABLE race AS
SELECT "driverId" AS profile, ts, event, grid, position, "positionOrder", points, laps, rank, wins, finished, "statusId",
    "constructorRef", status, "circuitId"
FROM driver_event LEFT JOIN circuit USING ("circuitRef");
CREATE TABLE race_profile AS SELECT "driverId" AS profile, dob, nationality FROM driver;
-- RelBench's frozen protocol: nothing after 2010-01-01 is known, although its test runs to 2013.
CREATE TABLE race_frozen AS SELECT * FROM race WHERE ts <= '2010-01-01';

CREATE INDEX ON cdnow (profile, ts);
CREATE INDEX ON journey (profile, ts);
CREATE INDEX ON course (profile, ts);
CREATE INDEX ON course_clicks (profile, ts);
CREATE INDEX ON loan (profile, ts);
CREATE INDEX ON course_profile (profile);
CREATE INDEX ON race (profile, ts);
CREATE INDEX ON race_frozen (profile, ts);

-- RelBench's own tables of rows and labels.
CREATE TABLE relbench (task text, test boolean DEFAULT false, cutoff timestamp, profile bigint, label int);
\copy relbench (cutoff, profile, label) FROM PROGRAM 'cd f1/relbench_tasks && for s in train val; do gzip -dc driver-dnf_$s.csv.gz | tail -n +2; done' (FORMAT csv)
UPDATE relbench SET task = 'f1_dnf' WHERE task IS NULL;
\copy relbench (cutoff, profile, label) FROM PROGRAM 'cd f1/relbench_tasks && for s in train val; do gzip -dc driver-top3_$s.csv.gz | tail -n +2; done' (FORMAT csv)
UPDATE relbench SET task = 'f1_top3' WHERE task IS NULL;
ALTER TABLE relbench ALTER test SET DEFAULT true;
\copy relbench (cutoff, profile, label) FROM PROGRAM 'gzip -dc f1/relbench_tasks/driver-dnf_test.csv.gz' (FORMAT csv, HEADER)
UPDATE relbench SET task = 'f1_dnf' WHERE task IS NULL;
\copy relbench (cutoff, profile, label) FROM PROGRAM 'gzip -dc f1/relbench_tasks/driver-top3_test.csv.gz' (FORMAT csv, HEADER)
UPDATE relbench SET task = 'f1_top3' WHERE task IS NULL;
ANALYZE;

SET client_min_messages = error;
CALL run('cdnow_90', 'cdnow', 'true');
CALL run('cdnow_30', 'cdnow', 'true', eligible_window => '180 days');
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
