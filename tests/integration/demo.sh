#!/usr/bin/env bash
# The demo runs to its end in under a minute, and what it promises is there: ten customers with reasons, three
# buckets, an explanation that adds up, and a segment with members.
source tests/integration/lib.sh

started=$SECONDS
pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
psql -X -q -v pages="$pages" -f demo/demo.sql
[ $((SECONDS - started)) -lt 60 ] || fail "the demo took $((SECONDS - started)) s, at most 60 are allowed"

expect() { # what, SQL of a boolean
    [ "$(query -c "SELECT $2")" = t ] || fail "not so: $1"
}
expect "the ten likeliest buyers have one to three reasons in words each" \
    "count(*) = 10 AND bool_and(jsonb_array_length(factors) BETWEEN 1 AND 3 AND factors -> 0 ->> 'phrase' <> '')
     FROM (SELECT factors FROM shop.repurchase_scores ORDER BY probability DESC, customer_id LIMIT 10) top"
expect "every customer who bought has a repurchase score" \
    "(SELECT count(*) FROM shop.repurchase_scores) =
     (SELECT count(DISTINCT customer_id) FROM shop.orders WHERE event = 'purchase')"
expect "there are three buckets, cut at scores 25 and 75" \
    "count(*) = 3 AND bool_and(CASE bucket WHEN 'low' THEN high < 25 WHEN 'medium' THEN low >= 25 AND high < 75
        ELSE low >= 75 END) FROM (SELECT bucket, min(score) AS low, max(score) AS high
        FROM shop.repurchase_scores GROUP BY bucket) b"
expect "the segment holds the high bucket" \
    "(SELECT array_agg(customer_id ORDER BY customer_id) FROM shop.likely_buyers) =
     (SELECT array_agg(customer_id ORDER BY customer_id) FROM shop.repurchase_scores WHERE bucket = 'high')"
expect "live predictions equal the batch bit for bit" \
    "bool_and(float8send(p.probability) = float8send(s.probability) AND p.score = s.score)
     FROM shop.churn_scores s, LATERAL customer_ai.predict('churn', s.customer_id::text) p WHERE s.customer_id % 50 = 0"
expect "the impacts of an explanation add up to the log-odds of the prediction" \
    "bool_and(abs(total - ln(s.probability / (1 - s.probability))) < 1e-6)
     FROM shop.churn_scores s,
         LATERAL (SELECT sum(impact) AS total FROM customer_ai.explain('churn', s.customer_id::text)) e
     WHERE s.customer_id % 50 = 0"
for file in repurchase.html churn.html; do
    { head -1 "$pages/$file" | grep -q '^<!DOCTYPE html>' && grep -q 'Is it good?' "$pages/$file"; } ||
        fail "the demo wrote no page $file"
done
for file in tenths.svg distribution.svg importance.svg; do
    grep -q '^<svg .*role="img"' "$pages/$file" || fail "the demo drew no picture $file"
done
expect "the segment remembers who entered and who left by the second scoring" \
    "count(*) FILTER (WHERE change = 'entered') > 0 AND count(*) FILTER (WHERE change = 'left') > 0
     FROM customer_ai.segment_changes WHERE segment = 'shop.likely_buyers'"
expect "the first version is active again, and the last refresh scored with it" \
    "active_version = 1 AND (SELECT version = 1 AND status = 'succeeded' FROM customer_ai.runs WHERE model = 'repurchase' ORDER BY run DESC LIMIT 1)
     FROM customer_ai.models WHERE model = 'repurchase'"
echo "ten customers with reasons that add up, three buckets, a segment, live equal to batch, in $((SECONDS - started)) s"
