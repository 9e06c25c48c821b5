#!/usr/bin/env bash
# Events that Citus distributes by the profile: the aggregate runs on the shards, and the result is that of the stream
# over the same rows, to the last bit. Needs the extension citus, and a server of its own that preloads it.
source tests/integration/lib.sh
if [ "${1:-}" != inside ]; then
    available=$(query -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'")
    [ "$available" = 1 ] || skip "the extension citus is not installed"
    exec tools/cluster -c shared_preload_libraries=citus bash "$0" inside
fi
readonly AS_OF="2011-11-01 00:00:00+00"

# A coordinator with a host of its own takes no shards unless it is told to.
query -c 'CREATE EXTENSION citus' -c "SELECT citus_set_coordinator_host('$PGHOST', $PGPORT)" \
    -c "SELECT citus_set_node_property('$PGHOST', $PGPORT, 'shouldhaveshards', true)" >/dev/null
query -f tests/integration/sql/shop.sql
query <<'SQL'
CREATE SCHEMA far;
CREATE TABLE far.orders (LIKE shop.orders);
SET citus.shard_count = 4;
SELECT create_distributed_table('far.orders', 'customer_id') \g /dev/null
INSERT INTO far.orders SELECT * FROM shop.orders;
SET client_min_messages = error;
SELECT customer_ai.create_model('far', 'far.orders', goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL) \g /dev/null
SELECT customer_ai.train('far') \g /dev/null
SQL
result() { # model, schema
    query <<SQL
SET client_min_messages = error;
-- Fetching the rows would be an error.
SET citus.coordinator_aggregation_strategy = 'disabled';
SELECT low, medium, high FROM customer_ai.score('$1', as_of => '$AS_OF');
SELECT customer_id, encode(float8send(probability), 'hex'), score, percentile, bucket, factors, scored_at
FROM $2.$1_scores ORDER BY customer_id;
SELECT sum(hashtextextended(concat_ws(',', profile, feature, encode(float8send(value), 'hex'), category), 0)::numeric)
FROM customer_ai.features('$1', as_of => '$AS_OF');
SELECT as_of, profiles, detail->>'events', skipped FROM customer_ai.runs WHERE model = '$1' ORDER BY run DESC LIMIT 1;
SQL
}
here=$(result repurchase shop)
there=$(result far far)
[ "$(wc -l <<<"$here")" -gt 3000 ] || fail "only $(wc -l <<<"$here") lines compared"
diff <(echo "$here") <(echo "$there") || fail "the feeders differ"
feeder=$(query -c "SELECT detail->>'feeder' FROM customer_ai.runs WHERE model = 'far' AND kind = 'score'")
[ "$feeder" = pushed_down ] || fail "scored by $feeder"
echo "4 shards, $(wc -l <<<"$here") lines of scores and features the same"
