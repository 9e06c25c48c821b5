#!/usr/bin/env bash
# Both feeders give the same scores, factors, features and counts to the last bit, whatever the plan of the aggregate
# and whatever the types of the columns.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
readonly AS_OF="2011-11-01 00:00:00+00"

query -f tests/integration/sql/shop.sql -f tests/integration/sql/variety.sql
query -c 'CREATE TABLE result (model text, variant text, scores text, features text, run text)'

# Scores and features of a model by a feeder, under settings.
run() { # model, variant, settings
    query <<SQL >/dev/null
SET client_min_messages = error;
$3;
SELECT * FROM customer_ai.score('$1', as_of => ${as_of:-NULL});
CREATE TEMP TABLE matrix AS SELECT count(*) AS cells,
    sum(hashtextextended(concat_ws(',', profile, feature, encode(float8send(value), 'hex'), category), 0)::numeric) AS hash
FROM customer_ai.features('$1', as_of => ${as_of:-NULL});
RESET ALL;
INSERT INTO result
SELECT '$1', '$2',
    (SELECT md5(string_agg(concat_ws(',', s.*, encode(float8send(s.probability), 'hex')), ';' ORDER BY s.*))
     FROM (SELECT p AS profile, probability, score, percentile, bucket, factors, scored_at, version
           FROM shop.$1_scores s(p, probability, score, percentile, bucket, factors, scored_at, run, version)) s),
    (SELECT concat_ws(' ', cells, hash) FROM matrix WHERE cells > 10000),
    (SELECT concat_ws(',', as_of, profiles, detail->>'events', skipped)
     FROM customer_ai.runs WHERE model = '$1' ORDER BY run DESC LIMIT 1);
SQL
}
same() { # model, variants
    local found
    found=$(query -c "SELECT count(*), count(scores), count(features), count(DISTINCT (scores, features, run)) FROM result WHERE model = '$1'")
    [ "$found" = "$2|$2|$2|1" ] || { echo "the feeders differ on $1: $found"; query -c "SELECT * FROM result WHERE model = '$1'"; exit 1; }
}
# The plan of the query that scores.
plan() { # settings
    query -c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on" \
        -c "SET customer_ai.feeder = pushed_down; $1" -c "SET client_min_messages = log" \
        -c "SELECT * FROM customer_ai.score('repurchase', as_of => '$AS_OF')" 2>&1 |
        sed -n '/event_scores/,/^LOG/p'
}
shows() { # settings, pattern..
    local text pattern
    text=$(plan "$1")
    shift
    for pattern in "$@"; do
        grep -q "$pattern" <<<"$text" || { echo "no \"$pattern\" in the plan"; echo "$text" | cut -c1-200; exit 1; }
    done
}

readonly PUSHED="SET customer_ai.feeder = pushed_down"
readonly SORT="SET enable_hashagg = off"
readonly PARALLEL="SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 3"
readonly PARALLEL_SORT="$PARALLEL; $SORT; SET parallel_leader_participation = off"
readonly SPILL="SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off; SET enable_indexscan = off"
# Adding a row is dear, so that the planner has it done by workers; else it would not here.
query -c "ALTER FUNCTION customer_ai._event_collect COST 1000"

as_of="'$AS_OF'"
run repurchase local "SET customer_ai.feeder = local"
run repurchase auto "SET customer_ai.feeder = auto"
run repurchase hash "$PUSHED"
run repurchase sort "$PUSHED; $SORT"
run repurchase parallel "$PUSHED; $PARALLEL"
run repurchase parallel_sort "$PUSHED; $PARALLEL_SORT"
run repurchase spill "$PUSHED; $SPILL"
run repurchase settings "$PUSHED; SET timezone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET bytea_output = 'escape'; SET extra_float_digits = -15"
same repurchase 8
feeders=$(query -c "SELECT string_agg(DISTINCT detail->>'feeder', ' ') FROM customer_ai.runs WHERE kind = 'score'")
[ "$feeders" = "local pushed_down" ] || { echo "feeders used: $feeders"; exit 1; }
shows "$SORT" '^ *GroupAggregate'
shows "$PARALLEL" 'Finalize .*Aggregate' 'Partial .*Aggregate' 'Gather'
shows "$PARALLEL_SORT" 'Finalize GroupAggregate' 'Partial GroupAggregate'
shows "$SPILL; SET auto_explain.log_analyze = on" 'HashAggregate' 'Disk Usage: [1-9]'

# Hash partitions, each aggregated by itself.
query -c "ALTER FUNCTION customer_ai._event_collect COST 1"
query -c "ALTER TABLE shop.orders RENAME TO whole" -c "CREATE TABLE shop.orders (LIKE shop.whole) PARTITION BY HASH (customer_id)"
for part in 0 1 2; do
    query -c "CREATE TABLE shop.part_$part PARTITION OF shop.orders FOR VALUES WITH (MODULUS 3, REMAINDER $part)"
done
query -c "INSERT INTO shop.orders SELECT * FROM shop.whole ORDER BY random()" -c "ANALYZE shop.orders"
run repurchase partitions "$PUSHED"
run repurchase parallel_partitions "$PUSHED; $PARALLEL; SET enable_parallel_append = on"
run repurchase partitions_local "SET customer_ai.feeder = local"
same repurchase 11
[ "$(plan '' | grep -c 'Aggregate  (')" = 3 ] || { echo "not one aggregate for each partition"; plan '' | cut -c1-200; exit 1; }
shows '' 'Append'

# Columns of many types, and rows that are left out.
unset as_of
for model in $(query -c "SELECT model FROM customer_ai.models WHERE model LIKE 'by_%'"); do
    run "$model" local "SET customer_ai.feeder = local"
    run "$model" hash "$PUSHED"
    run "$model" parallel "$PUSHED; $PARALLEL"
    same "$model" 3
done
skipped=$(query -c "SELECT string_agg(DISTINCT skipped::text, ' ') FROM customer_ai.runs WHERE kind = 'score' AND model LIKE 'by_%'")
expected='{"future": 40, "no_time": 45, "long_text": 5, "not_finite": 60, "null_profile": 25}'
[ "$skipped" = "$expected" ] || { echo "left out: $skipped, expected $expected"; exit 1; }
echo "$(query -c "SELECT count(*) || ' runs of ' || count(DISTINCT model) || ' models' FROM result") agree"
