#!/usr/bin/env bash
# Events on two other servers, by hash of the customer: the aggregate runs there, a row per customer travels, and the
# result is that of the stream over the same rows, to the last bit.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
readonly AS_OF="2011-11-01 00:00:00+00"

# Two servers of their own, which end when this shell closes their input: on every way out, they are removed.
folders=$(mktemp -d)
trap 'exec 7>&- 8>&-; wait; rm -rf "$folders"' EXIT
start() { # number
    mkfifo "$folders/end$1"
    tools/cluster sh -c 'echo "$PGHOST" >"$0.tmp" && mv "$0.tmp" "$0" && read -r line' "$folders/host$1" \
        <"$folders/end$1" >"$folders/log$1" 2>&1 &
}
start 1
exec 7>"$folders/end1"
start 2
exec 8>"$folders/end2"
for number in 1 2; do
    for ((tenths = 0; tenths < 600; tenths++)); do
        [ ! -e "$folders/host$number" ] || break
        sleep 0.1
    done
    [ -e "$folders/host$number" ] || { echo "server $number did not start"; cat "$folders/log$number"; exit 1; }
done
host() { cat "$folders/host$1"; }
remote() { PGHOST=$(host "$1") PGDATABASE=postgres psql -X -q -At -v ON_ERROR_STOP=1 "${@:2}"; }

query -f tests/integration/sql/shop.sql
# The same rows again: one part on each server, here nothing but the definition.
query -c 'CREATE EXTENSION postgres_fdw' -c 'CREATE SCHEMA far'
query -c 'CREATE TABLE far.orders (LIKE shop.orders) PARTITION BY HASH (customer_id)'
for number in 1 2; do
    remote "$number" -c 'CREATE EXTENSION customer_ai'
    remote "$number" -c 'CREATE TABLE part (customer_id bigint NOT NULL, ordered_at timestamptz NOT NULL, event text NOT NULL,
        invoice_no text NOT NULL, lines int, products int, quantity int, revenue numeric, country text)'
    query -c "CREATE SERVER server_$number FOREIGN DATA WRAPPER postgres_fdw
            OPTIONS (host '$(host "$number")', dbname 'postgres', extensions 'customer_ai', async_capable 'true', fetch_size '1000')" \
        -c "CREATE USER MAPPING FOR CURRENT_USER SERVER server_$number OPTIONS (user 'postgres')" \
        -c "CREATE FOREIGN TABLE far.part_$number PARTITION OF far.orders FOR VALUES WITH (MODULUS 2, REMAINDER $((number - 1)))
            SERVER server_$number OPTIONS (schema_name 'public', table_name 'part')"
done
query -c 'INSERT INTO far.orders SELECT * FROM shop.orders ORDER BY random()' -c 'ANALYZE far.orders'
for number in 1 2; do
    rows=$(remote "$number" -c 'SELECT count(*) FROM part')
    [ "$rows" -gt 5000 ] || { echo "only $rows rows on server $number"; exit 1; }
done

# Training streams the far rows, and makes the very same version.
query <<'SQL'
SET client_min_messages = error;
SELECT customer_ai.create_model('far', 'far.orders', goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL) \g /dev/null
SELECT customer_ai.train('far') \g /dev/null
SQL
[ "$(query -c 'SELECT count(*), count(DISTINCT document) FROM customer_ai.version')" = '2|1' ] || { echo "two versions differ"; exit 1; }
result() { # model, schema, as_of
    query <<SQL
SET client_min_messages = error;
SELECT low, medium, high FROM customer_ai.score('$1', as_of => $3);
SELECT customer_id, encode(float8send(probability), 'hex'), score, percentile, bucket, factors, scored_at
FROM $2.$1_scores ORDER BY customer_id;
SELECT sum(hashtextextended(concat_ws(',', profile, feature, encode(float8send(value), 'hex'), category), 0)::numeric)
FROM customer_ai.features('$1', as_of => $3);
SELECT as_of, profiles, detail->>'events', skipped FROM customer_ai.runs WHERE model = '$1' ORDER BY run DESC LIMIT 1;
SQL
}
for as_of in "'$AS_OF'" NULL; do
    here=$(result repurchase shop "$as_of")
    there=$(result far far "$as_of")
    [ "$(wc -l <<<"$here")" -gt 3000 ] || { echo "only $(wc -l <<<"$here") lines compared"; exit 1; }
    diff <(echo "$here") <(echo "$there") >"$folders/diff" || { echo "the feeders differ:"; head -20 "$folders/diff"; exit 1; }
done
feeders=$(query -c "SELECT string_agg(model || ' ' || (detail->>'feeder'), ', ' ORDER BY run) FROM customer_ai.runs WHERE kind = 'score'")
[ "$feeders" = "repurchase local, repurchase local, far pushed_down, repurchase local, far pushed_down" ] || { echo "feeders: $feeders"; exit 1; }

# The very queries, as they were planned and run.
plan=$(query -c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
        SET auto_explain.log_verbose = on; SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off" \
    -c 'SET client_min_messages = log' -c "SELECT * FROM customer_ai.score('far', as_of => '$AS_OF')" 2>&1)
plan=$(sed -n '/Query Text: SELECT e._profile, customer_ai.event_scores/,/^LOG/p' <<<"$plan" | cut -c1-300)
[ "$(grep -c 'Async Foreign Scan' <<<"$plan")" = 2 ] || { echo "not two asynchronous foreign scans"; echo "$plan"; exit 1; }
[ "$(grep -c 'Remote SQL: SELECT customer_id, customer_ai.event_scores' <<<"$plan")" = 2 ] ||
    { echo "the aggregate is not in the remote SQL"; echo "$plan"; exit 1; }
transferred=$(sed -n 's/.*Async Foreign Scan.*actual rows=\([0-9]*\).*/\1/p' <<<"$plan" | awk '{ rows += $1 } END { print rows }')
customers=$(query -c 'SELECT count(DISTINCT customer_id) FROM shop.orders')
[ "$transferred" = "$customers" ] || { echo "$transferred rows travelled, expected $customers"; echo "$plan"; exit 1; }

# An expression that postgres_fdw does not ship leaves the rows to the stream.
query <<'SQL'
SET client_min_messages = error;
SELECT customer_ai.create_model('unshipped', 'far.orders', goal => $$ event = 'purchase' AND extract(dow FROM ordered_at) < 4 $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', options => '{"algorithm": "logistic", "ignore": ["invoice_no"]}') \g /dev/null
SELECT customer_ai.train('unshipped') \g /dev/null
SELECT customer_ai.score('unshipped') \g /dev/null
SQL
feeder=$(query -c "SELECT detail->>'feeder' FROM customer_ai.runs WHERE model = 'unshipped' AND kind = 'score'")
[ "$feeder" = local ] || { echo "an unshipped goal was read by $feeder"; exit 1; }

# A server that fails is heard of, and nothing is written.
before=$(query -c 'SELECT count(*) FROM customer_ai.runs')
remote 2 -c 'ALTER TABLE part RENAME TO gone'
failure=$(query -c "SELECT * FROM customer_ai.score('far')" 2>&1) && { echo "scored without a part"; exit 1; }
grep -q 'relation "public.part" does not exist' <<<"$failure" || { echo "$failure"; exit 1; }
[ "$(query -c 'SELECT count(*) FROM customer_ai.runs')" = "$before" ] || { echo "a failed run is listed"; exit 1; }
echo "$customers customers of $(query -c 'SELECT count(*) FROM shop.orders') events on 2 servers: $transferred rows travelled, the same bits"
