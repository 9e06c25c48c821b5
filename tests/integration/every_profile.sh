#!/usr/bin/env bash
# Of every profile, not of a sample: the live prediction is the batch to the last bit with score, percentile, bucket
# and factors, and the impacts of its explanation add up to the log-odds.
source tests/integration/lib.sh

query -f tests/integration/sql/shop.sql
read -r profiles < <(query -c 'SELECT count(*) FROM shop.repurchase_scores')
different=$(query <<'SQL'
SELECT count(*) FROM shop.repurchase_scores s, LATERAL customer_ai.predict('repurchase', s.customer_id::text) p
WHERE (float8send(s.probability), s.score, s.percentile, s.bucket, s.factors)
    IS DISTINCT FROM (float8send(p.probability), p.score, p.percentile, p.bucket, p.factors);
SQL
)
[ "$different" = 0 ] || fail "$different of $profiles live predictions differ from the batch"
read -r farthest < <(query <<'SQL'
SELECT max(abs(total - ln(s.probability / (1 - s.probability))))
FROM shop.repurchase_scores s,
    LATERAL (SELECT sum(impact) AS total FROM customer_ai.explain('repurchase', s.customer_id::text)) e;
SQL
)
[ "$(query -c "SELECT $farthest < 1e-6")" = t ] || fail "impacts miss the log-odds by $farthest"
[ "$profiles" -gt 4000 ] || fail "only $profiles profiles"
echo "$profiles live predictions equal the batch bit for bit; impacts add up within $farthest"
