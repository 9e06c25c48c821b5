#!/usr/bin/env bash
# Who buys within 30 days: trained as of 2011-10-25, scored at two later cutoffs, judged by what then happened.
# The same task in Python (NumPy and LightGBM) reaches an area under the curve of 0.747.
source tests/integration/lib.sh
readonly REQUIRED=0.738

query -f demo/load.sql -f tests/integration/sql/auc.sql
query <<'SQL' >/dev/null
SET timezone = 'UTC';
CREATE EXTENSION customer_ai;
SELECT customer_ai.create_model('repurchase', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL);
SELECT customer_ai.train('repurchase', as_of => '2011-10-25');
SQL
for cutoff in 2011-10-25 2011-11-09; do
    query -v cutoff="$cutoff" <<'SQL' >/dev/null
SET timezone = 'UTC';
SELECT customer_ai.score('repurchase', as_of => :'cutoff');
INSERT INTO judged
SELECT s.probability, EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = s.customer_id AND o.event = 'purchase'
        AND o.ordered_at > :'cutoff' AND o.ordered_at <= :'cutoff'::timestamptz + interval '30 days')
FROM shop.repurchase_scores s;
SQL
done
[ "$(query -c 'SELECT positives + negatives FROM auc')" = 7965 ] ||
    fail "scored $(query -c 'SELECT count(*) FROM judged') customers, expected 7965"
auc=$(query -c 'SELECT round(auc, 4) FROM auc')
[ "$(query -c "SELECT $auc >= $REQUIRED")" = t ] || fail "AUC $auc, at least $REQUIRED is required"
echo "AUC $auc on 7,965 later outcomes, at least $REQUIRED required"
