#!/usr/bin/env bash
# A dumped and restored database predicts the same to the last bit, and scores and trains again.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

query -f demo/load.sql
query <<'SQL' >/dev/null
CREATE EXTENSION customer_ai;
SELECT customer_ai.create_model('repurchase', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event');
SELECT customer_ai.train('repurchase');
SELECT customer_ai.score('repurchase');
SELECT customer_ai.create_segment('shop.likely_buyers', 'repurchase', $$ bucket = 'high' $$);
SQL

state="SELECT p.* FROM shop.repurchase_scores s,
        LATERAL customer_ai.predict('repurchase', s.customer_id::text) p WHERE s.customer_id % 97 = 0 ORDER BY s.customer_id;
    SELECT * FROM shop.repurchase_scores ORDER BY customer_id;
    SELECT * FROM shop.likely_buyers ORDER BY 1;
    SELECT * FROM customer_ai.models;
    SELECT * FROM customer_ai.versions;
    SELECT * FROM customer_ai.runs;"
restored=${PGDATABASE}_restored
file=$OUTPUT/$PGDATABASE.dump
pg_dump -Fc -f "$file"
createdb "$restored"
pg_restore --exit-on-error -d "$restored" "$file"
rm "$file"
diff <(query -c "$state") <(query -d "$restored" -c "$state") || { echo "the restored database differs"; exit 1; }

query -d "$restored" <<'SQL' >/dev/null
SELECT customer_ai.score('repurchase');
SELECT customer_ai.train('repurchase');
SELECT customer_ai.score('repurchase');
SELECT customer_ai.refresh_segment('shop.likely_buyers');
SELECT customer_ai.create_model('second', 'shop.orders', goal => 'true', outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event');
SQL
echo "predictions, scores, segment and history equal; scored, trained and defined again"
