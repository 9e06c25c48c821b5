-- Events of :events / 20 profiles or so, of 13 types, in random order: some profiles come often, some rarely, each
-- stays for a while within two years, and some buy more than others. Two models: one of all columns, one of the
-- times and the goal alone, with about sixty features.
SET client_min_messages = error;
SET work_mem = '512MB';
SET jit = off;
DROP TABLE IF EXISTS bench.events;
SELECT customer_ai.drop_model(model) FROM customer_ai.models WHERE model IN ('events', 'few', 'several') \g /dev/null
CREATE TABLE bench.events AS
SELECT p AS profile,
    timestamptz '2024-01-01'
        + (joined + (1 - joined) * stay * bench.uniform(p * 4096 + n, 4)) * interval '730 days' AS at,
    CASE WHEN kind < 0.2 * liking THEN 'purchase' WHEN kind < 0.3 THEN 'cart'
        ELSE 'page ' || (11 * bench.uniform(p * 4096 + n, 7))::int % 11 END AS kind,
    round((5 + 95 * bench.uniform(p * 4096 + n, 5))::numeric, 2)::double precision AS amount,
    'channel ' || (6 * bench.uniform(p * 4096 + n, 8))::int AS channel,
    'device ' || (4 * bench.uniform(p, 9))::int AS device
FROM generate_series(1::bigint, :events / 20) p,
    LATERAL (SELECT bench.uniform(p, 1) AS joined, bench.uniform(p, 2) AS stay, bench.uniform(p, 3) AS activity,
        bench.uniform(p, 10) ^ 2 AS liking) a,
    LATERAL generate_series(1, 1 + (76 * activity ^ 3)::int) n,
    LATERAL (SELECT bench.uniform(p * 4096 + n, 6) AS kind) k
ORDER BY bench.uniform(p * 4096 + n, 11);
VACUUM (FREEZE, ANALYZE) bench.events;
CHECKPOINT;
SELECT customer_ai.create_model(model, 'bench.events', goal => $$ kind = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'profile', time_column => 'at', type_column => type, eligible_window => NULL, options => options)
FROM (VALUES ('events', 'kind'::name, '{}'::jsonb),
    ('few', NULL, '{"ignore": ["kind", "amount", "channel", "device"], "algorithm": "logistic"}')) m(model, type, options) \g /dev/null
SELECT customer_ai.create_model('several', 'bench.events', goal => $$ kind = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'profile', time_column => 'at', type_column => 'kind', eligible => 'count(DISTINCT kind) > 1',
    eligible_window => '90 days') \g /dev/null
