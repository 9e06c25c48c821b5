#!/usr/bin/env bash
# On Online Retail, at runs whose outcome windows have passed: evaluate, gains and performance say what plain SQL says of the
# scores and the events, also of a run of a version that is not active any more.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

query -f demo/load.sql
query <<'SQL' >/dev/null
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE EXTENSION customer_ai;
SELECT customer_ai.create_model('repurchase', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL);
SELECT customer_ai.train('repurchase', as_of => '2011-09-25');
SELECT customer_ai.score('repurchase', as_of => '2011-09-25');
SELECT customer_ai.train('repurchase', as_of => '2011-10-25', activate => 'always');
SELECT customer_ai.score('repurchase', as_of => '2011-10-25');
SELECT customer_ai.score('repurchase');
CREATE TABLE judged AS SELECT s.run, s.bucket, s.probability, EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = s.customer_id
        AND o.event = 'purchase' AND o.ordered_at > s.scored_at AND o.ordered_at <= s.scored_at + interval '30 days') AS outcome
    FROM shop.repurchase_score_history s WHERE s.scored_at < '2011-11-01';
SQL
different=$(query <<'SQL'
SET timezone = 'UTC';
SELECT format('run %s, %s: %s profiles, %s expected, %s actual; by hand %s, %s, %s', p.run, p.bucket, p.profiles, p.expected,
    p.actual, h.profiles, h.expected, h.actual)
FROM customer_ai.performance('repurchase') p
FULL JOIN (SELECT run, bucket, count(*) AS profiles, sum(probability) AS expected, count(*) FILTER (WHERE outcome) AS actual
    FROM judged GROUP BY run, bucket) h USING (run, bucket)
WHERE p.state = 'the window has passed' AND (p.profiles = coalesce(h.profiles, 0) AND p.actual = coalesce(h.actual, 0)
    AND abs(p.expected - coalesce(h.expected, 0)) < 1e-6) IS NOT TRUE;
SELECT format('run %s, tenth %s: %s profiles, %s expected, %s positives; by hand %s, %s, %s', g.run, g.tenth, g.profiles,
    g.expected, g.positives, h.profiles, h.expected, h.actual)
FROM (SELECT r.run, g.* FROM (SELECT DISTINCT run FROM judged) r, LATERAL customer_ai.gains('repurchase', run => r.run) g) g
JOIN (SELECT run, tenth, count(*) AS profiles, sum(probability) AS expected, count(*) FILTER (WHERE outcome) AS actual
    FROM (SELECT *, ntile(10) OVER (PARTITION BY run ORDER BY probability DESC) AS tenth FROM judged) t GROUP BY run, tenth) h USING (run, tenth)
WHERE (g.profiles = h.profiles AND g.positives = h.actual AND abs(g.expected - h.expected) < 1e-6) IS NOT TRUE;
SELECT format('run %s: AUC %s, by hand %s', r.run, e.value, h.auc)
FROM (SELECT DISTINCT run FROM judged) r CROSS JOIN LATERAL (SELECT value FROM customer_ai.evaluate('repurchase', run => r.run) WHERE metric = 'auc') e
CROSS JOIN LATERAL (SELECT (sum(place) FILTER (WHERE outcome) - count(*) FILTER (WHERE outcome) * (count(*) FILTER (WHERE outcome) + 1) / 2.0)
        / (count(*) FILTER (WHERE outcome) * count(*) FILTER (WHERE NOT outcome)) AS auc
    FROM (SELECT outcome, rank() OVER (ORDER BY probability) + (count(*) OVER (PARTITION BY probability) - 1) / 2.0 AS place
        FROM judged j WHERE j.run = r.run) p) h
WHERE abs(e.value - h.auc) > 1e-9;
SQL
)
[ -z "$different" ] || { echo "$different"; exit 1; }
states=$(query -c "SELECT string_agg(state, ',' ORDER BY as_of) FROM customer_ai.performance('repurchase') WHERE bucket = 'high'")
[ "$states" = "the window has passed,the window has passed,the window is open" ] || { echo "states: $states"; exit 1; }
[ "$(query -c 'SELECT count(DISTINCT version) FROM customer_ai.performance($$repurchase$$)')" = 2 ] || { echo "not of two versions"; exit 1; }
echo "two past runs by plain SQL: $(query -c "SELECT string_agg(format('%s %s: %s expected, %s actual', as_of::date, bucket, round(expected), actual), '; ' ORDER BY as_of, profiles)
    FROM customer_ai.performance('repurchase') WHERE actual IS NOT NULL")"
