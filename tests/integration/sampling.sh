#!/usr/bin/env bash
# Training on a sample of the customers of a large table is nearly as good as training on all: who buys within 30 days,
# trained as of 2011-10-25 and judged by what then happened.
source tests/integration/lib.sh
readonly MOST_LOST=0.02

query -f demo/load.sql -f tests/integration/sql/auc.sql -c 'CREATE EXTENSION customer_ai'
for model in whole:200000 sampled:900; do
    query -v model="${model%:*}" -v rows="${model#*:}" <<'SQL' >/dev/null
SET timezone = 'UTC';
SET client_min_messages = error;
SELECT customer_ai.create_model(:'model', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL,
    options => jsonb_build_object('max_training_rows', :rows));
SELECT customer_ai.train(:'model', as_of => '2011-10-25');
SELECT customer_ai.score(:'model', as_of => '2011-10-25');
SQL
done
auc() { # model
    query -c 'TRUNCATE judged' -c "INSERT INTO judged
        SELECT s.probability,
            EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = s.customer_id AND o.event = 'purchase'
            AND o.ordered_at > '2011-10-25+00' AND o.ordered_at <= timestamptz '2011-10-25+00' + interval '30 days')
        FROM shop.$1_scores s" -c 'SELECT round(auc, 4) FROM auc'
}
read -r share profiles scored < <(query -F ' ' \
    -c "SELECT t.detail ->> 'profiles_read', t.detail ->> 'profiles', s.profiles
    FROM customer_ai.runs t, customer_ai.runs s
    WHERE (t.model, t.kind, s.model, s.kind) = ('sampled', 'train', 'sampled', 'score')")
[ "$share" = 0.5 ] || fail "read $share of $profiles customers, expected a half"
[ "$scored" = "$(query -c "SELECT profiles FROM customer_ai.runs WHERE model = 'whole' AND kind = 'score'")" ] ||
    fail "only $scored customers scored"
whole=$(auc whole) sampled=$(auc sampled)
[ "$(query -c "SELECT $sampled >= $whole - $MOST_LOST")" = t ] || fail "AUC $sampled from a sample, $whole from all"
# The least memory that can be set is enough, for as many rows as it holds.
few=$(query -c 'SET client_min_messages = error' -c "SET customer_ai.max_memory = '16MB'" \
    -c "SELECT examples FROM customer_ai.train('whole', as_of => '2011-10-25', activate => 'never')")
[ "$few" -gt 500 ] && [ "$few" -lt 5000 ] || fail "$few rows in 16 MB"
echo "AUC $sampled from 900 rows of $share of about $profiles customers, $whole from all rows of all; $few rows in 16 MB"
