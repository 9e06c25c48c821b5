#!/usr/bin/env bash
# What happens after a cutoff changes nothing at that cutoff: every feature of every profile, scores and live
# predictions with their factors stay the same to the last bit when every later event is deleted.
source tests/integration/lib.sh

query -f tests/integration/sql/shop.sql
state() {
    query <<'SQL'
SELECT customer_ai.score('repurchase', as_of => '2011-08-01') IS NULL;
SELECT customer_id, float8send(probability), score, percentile, bucket, factors
FROM shop.repurchase_scores ORDER BY customer_id;
SELECT s.customer_id, float8send(p.probability), p.factors
FROM shop.repurchase_scores s,
    LATERAL customer_ai.predict('repurchase', s.customer_id::text, as_of => '2011-08-01') p
WHERE s.customer_id % 20 = 0 ORDER BY s.customer_id;
SELECT feature, count(*),
    md5(string_agg(concat(profile, ' ', encode(float8send(value), 'hex'), category), ',' ORDER BY profile))
FROM customer_ai.features('repurchase', as_of => '2011-08-01') GROUP BY feature ORDER BY feature;
SQL
}
before=$(state)
deleted=$(query -c "WITH gone AS (DELETE FROM shop.orders WHERE ordered_at > '2011-08-01' RETURNING 1) SELECT count(*)
    FROM gone")
after=$(state)
features=$(grep -cE '^[^|]+[|][0-9]+[|][0-9a-f]{32}$' <<<"$before")
[ "$features" -gt 50 ] || fail "only $features features compared"
[ "$deleted" -gt 5000 ] || fail "only $deleted events deleted"
diff <(echo "$before") <(echo "$after") || fail "later events change earlier scores"
echo "$deleted later events deleted, $(wc -l <<<"$before") rows of scores, predictions and $features features identical"
