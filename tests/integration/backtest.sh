#!/usr/bin/env bash
# A backtest at a cutoff is what training as of that cutoff, scoring as of it and judging by hand in SQL give, with
# and without aggregates in the conditions, and it writes nothing.
source tests/integration/lib.sh
state() {
    query -c 'SELECT md5(string_agg(v::text, $$,$$ ORDER BY id)) FROM customer_ai.version v' \
        -c 'SELECT count(*), max(id) FROM customer_ai.run' \
        -c 'SELECT count(*), max(run) FROM shop.repurchase_score_history'
}

query -f tests/integration/sql/shop.sql -f tests/integration/sql/auc.sql
query <<'SQL' >/dev/null
SELECT customer_ai.create_model('loyal', 'shop.orders', outcome_window => '45 days',
    goal => $$ count(*) FILTER (WHERE event = 'purchase') >= 2 $$, eligible => $$ sum(revenue) > 100 $$,
    eligible_window => '120 days',
    exclude => $$ country = 'EIRE' $$, profile_column => 'customer_id', time_column => 'ordered_at',
    type_column => 'event');
SQL
before=$(state)
# Not in order of time: every cutoff is judged by itself.
query -c "SET client_min_messages = error" \
    -c "CREATE TABLE tested AS SELECT 'repurchase' AS model, * FROM customer_ai.backtest('repurchase',
        ARRAY['2011-10-25', '2011-09-15 12:30']::timestamptz[])
    UNION ALL SELECT 'loyal', * FROM customer_ai.backtest('loyal', ARRAY['2011-10-20']::timestamptz[])"
[ "$before" = "$(state)" ] || fail "backtest wrote something"

readonly REPURCHASE="EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = s.customer_id AND o.event = 'purchase'
    AND o.ordered_at > scored_at AND o.ordered_at <= scored_at + interval '30 days')"
readonly LOYAL="(SELECT count(*) FROM shop.orders o WHERE o.customer_id = s.customer_id AND o.event = 'purchase'
    AND o.ordered_at > scored_at AND o.ordered_at <= scored_at + interval '45 days') >= 2"
compared=0
while IFS='|' read -r model cutoff; do
    outcome=$REPURCHASE
    [ "$model" = repurchase ] || outcome=$LOYAL
    difference=$(query -v model="$model" -v cutoff="$cutoff" -v scores="shop.${model}_scores" \
        -v outcome="$outcome" <<'SQL'
SET client_min_messages = error;
BEGIN;
SELECT examples AS trained, positives AS trained_positives
FROM customer_ai.train(:'model', as_of => :'cutoff', activate => 'always') \gset
SELECT profiles FROM customer_ai.score(:'model', as_of => :'cutoff') \gset
INSERT INTO judged SELECT probability, :outcome FROM :scores s;
SELECT format('%s at %s: %s, by hand %s examples, %s positive, AUC %s', :'model', :'cutoff', t, :trained,
    :trained_positives, auc.auc)
FROM tested t, auc, (SELECT avg(outcome::int) AS base_rate, avg(probability) AS mean,
    avg((probability - outcome::int) ^ 2) AS brier,
    -avg(ln(CASE WHEN outcome THEN probability ELSE 1 - probability END)) AS log_loss
    FROM judged) j
WHERE t.model = :'model' AND t.cutoff = :'cutoff' AND NOT (t.examples = :trained AND t.positives = :trained_positives
    AND t.test_profiles = :profiles AND abs(t.base_rate - j.base_rate) < 1e-12
    AND abs(t.mean_probability - j.mean) < 1e-12
    AND abs(t.auc - auc.auc) < 1e-12 AND abs(t.brier - j.brier) < 1e-12 AND abs(t.log_loss - j.log_loss) < 1e-12
    AND t.auc BETWEEN t.auc_low AND t.auc_high AND t.recency_auc BETWEEN 0.5 AND 1 AND t.rfm_auc BETWEEN 0.5 AND 1);
ROLLBACK;
SQL
    )
    [ -z "$difference" ] || fail "$difference"
    compared=$((compared + 1))
done < <(query -c 'SELECT DISTINCT model, cutoff FROM tested ORDER BY 1, 2')
[ "$compared" = 3 ] || fail "compared $compared cutoffs, expected 3"
echo "$compared cutoffs of two models equal training, scoring and judging by hand"
