#!/usr/bin/env bash
# Both feeders give the same versions, scores, factors, features and counts to the last bit, whatever the plan of the
# aggregate and whatever the types of the columns.
source tests/integration/lib.sh
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
    sum(hashtextextended(concat_ws(',', profile, feature, encode(float8send(value), 'hex'), category),
    0)::numeric) AS hash
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
    found=$(query -c "SELECT count(*), count(scores), count(features), count(DISTINCT (scores, features, run))
        FROM result WHERE model = '$1'")
    [ "$found" = "$2|$2|$2|1" ] ||
        fail "the feeders differ on $1: $found" "$(query -c "SELECT * FROM result WHERE model = '$1'")"
}
# A version trained from histories that were made by a plan, of all customers and of a sample.
query <<'SQL'
SET client_min_messages = error;
CREATE TABLE learned (model text, variant text, document text, run text);
SELECT customer_ai.create_model(model, 'shop.orders', goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id',
    time_column => 'ordered_at', type_column => 'event', options => options)
    FROM (VALUES ('all_customers', '{"algorithm": "logistic", "max_training_rows": 2000}'::jsonb),
    ('some_customers', '{"algorithm": "logistic", "max_training_rows": 400}')) m (model, options) \g /dev/null
SQL
learn() { # variant, settings
    query <<SQL >/dev/null
SET client_min_messages = error;
$2;
SELECT customer_ai.train(model, as_of => '$AS_OF') FROM (VALUES ('all_customers'), ('some_customers')) m (model);
RESET ALL;
INSERT INTO learned
SELECT DISTINCT ON (r.model) r.model, '$1', md5(v.document),
    concat_ws(' ', r.profiles, r.skipped, r.detail - 'seconds' - 'cpu' - 'feeder' - 'processes' - 'partitions')
FROM customer_ai.runs r JOIN customer_ai.model m ON m.name = r.model JOIN customer_ai.version v ON v.model_id = m.id
    AND v.number = r.version
WHERE r.kind = 'train' AND r.model LIKE '%_customers' ORDER BY r.model, r.run DESC;
SQL
}
# The plan of the query with an aggregate that a statement runs.
plan() { # settings, aggregate
    local statement="customer_ai.score('repurchase', as_of => '$AS_OF')"
    [ "$2" = event_scores ] || statement="customer_ai.train('some_customers', as_of => '$AS_OF')"
    query -c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on" \
        -c "SET customer_ai.feeder = pushed_down; $1" -c "SET client_min_messages = log" \
        -c "SELECT * FROM $statement" 2>&1 |
        sed -n "/Query Text: SELECT e._profile, customer_ai_internal.$2/,/^LOG/p"
}
shows() { # settings, pattern..
    local settings=$1 aggregate text pattern
    shift
    for aggregate in event_scores event_history event_counts; do
        text=$(plan "$settings" $aggregate)
        for pattern in "$@"; do
            grep -q "$pattern" <<<"$text" ||
                fail "no \"$pattern\" in the plan of $aggregate" "$(cut -c1-200 <<<"$text")"
        done
    done
}

readonly PUSHED="SET customer_ai.feeder = pushed_down"
readonly SORT="SET enable_hashagg = off"
readonly PARALLEL="SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
    SET max_parallel_workers_per_gather = 3"
readonly PARALLEL_SORT="$PARALLEL; $SORT; SET parallel_leader_participation = off"
readonly SPILL="SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off; SET enable_indexscan = off"
# Adding a row is dear, so that the planner has it done by workers; else it would not here.
cost() { # of adding a row
    query -c "ALTER FUNCTION customer_ai_internal.event_collect COST $1" \
        -c "ALTER FUNCTION customer_ai_internal.event_history_collect COST $1" \
        -c "ALTER FUNCTION customer_ai_internal.event_counts_collect COST $1"
}
cost 1000

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
learn local "SET customer_ai.feeder = local"
learn auto "SET customer_ai.feeder = auto"
learn hash "$PUSHED"
learn sort "$PUSHED; $SORT"
learn parallel "$PUSHED; $PARALLEL"
learn parallel_sort "$PUSHED; $PARALLEL_SORT"
learn spill "$PUSHED; $SPILL"
learn settings "$PUSHED; SET timezone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET bytea_output = 'escape'; SET extra_float_digits = -15"
feeders=$(query -c "SELECT string_agg(DISTINCT detail->>'feeder', ' ') FROM customer_ai.runs WHERE kind = 'score'")
[ "$feeders" = "local pushed_down" ] || fail "feeders used: $feeders"
shows "$SORT" '^ *GroupAggregate'
shows "$PARALLEL" 'Finalize .*Aggregate' 'Partial .*Aggregate' 'Gather'
shows "$PARALLEL_SORT" 'Finalize GroupAggregate' 'Partial GroupAggregate'
text=$(plan "$SPILL; SET auto_explain.log_analyze = on" event_scores; plan "$SPILL; SET auto_explain.log_analyze = on" event_history)
[ "$(grep -c 'Disk Usage: [1-9]' <<<"$text")" = 2 ] || fail "no disk used" "$(cut -c1-200 <<<"$text")"

# Hash partitions, each aggregated by itself.
cost 1
query -c "ALTER TABLE shop.orders RENAME TO whole" \
    -c "CREATE TABLE shop.orders (LIKE shop.whole) PARTITION BY HASH (customer_id)"
for part in 0 1 2; do
    query -c "CREATE TABLE shop.part_$part PARTITION OF shop.orders FOR VALUES WITH (MODULUS 3, REMAINDER $part)"
done
query -c "INSERT INTO shop.orders SELECT * FROM shop.whole ORDER BY random()" -c "ANALYZE shop.orders"
run repurchase partitions "$PUSHED"
run repurchase parallel_partitions "$PUSHED; $PARALLEL; SET enable_parallel_append = on"
run repurchase partitions_local "SET customer_ai.feeder = local"
same repurchase 11
learn partitions "$PUSHED"
learn parallel_partitions "$PUSHED; $PARALLEL; SET enable_parallel_append = on"
for aggregate in event_scores event_counts; do
    [ "$(plan '' $aggregate | grep -c 'Aggregate  (')" = 3 ] ||
        fail "not one $aggregate for each partition" "$(plan '' $aggregate | cut -c1-200)"
done
shows '' 'Append'
found=$(query -c "SELECT model, count(*), count(document), count(DISTINCT (document, run)) FROM learned GROUP BY model
    ORDER BY model")
[ "$found" = "all_customers|10|10|1"$'\n'"some_customers|10|10|1" ] ||
    fail "versions differ: $found" "$(query -c "SELECT * FROM learned ORDER BY model")"
sampled=$(query -c "SELECT DISTINCT detail->>'profiles_read' FROM customer_ai.runs WHERE model = 'some_customers'")
[ "$sampled" = 0.25 ] || fail "a sample of $sampled, expected a quarter"

# Columns of many types, and rows that are left out.
unset as_of
for model in $(query -c "SELECT model FROM customer_ai.models WHERE model LIKE 'by_%'"); do
    run "$model" local "SET customer_ai.feeder = local"
    run "$model" hash "$PUSHED"
    run "$model" parallel "$PUSHED; $PARALLEL"
    same "$model" 3
    # The version was trained by the stream.
    query -c "SET client_min_messages = error; $PUSHED" \
        -c "SELECT customer_ai.train('$model', activate => 'never')" >/dev/null
    trained=$(query -c "SELECT count(*), count(DISTINCT document) FROM customer_ai.version v JOIN customer_ai.model m
        ON m.id = model_id WHERE name = '$model'")
    [ "$trained" = '2|1' ] || fail "versions of $model differ: $trained"
done
skipped=$(query -c "SELECT string_agg(DISTINCT skipped::text, ' ') FROM customer_ai.runs WHERE kind = 'score'
    AND model LIKE 'by_%'")
expected='{"future": 40, "no_time": 45, "long_text": 5, "not_finite": 60, "null_profile": 25}'
[ "$skipped" = "$expected" ] || fail "left out: $skipped, expected $expected"
echo "$(query -c "SELECT count(*) || ' runs of ' || count(DISTINCT model) || ' models' FROM result") agree"
