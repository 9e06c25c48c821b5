#!/usr/bin/env bash
# Events on two other servers, by hash of the customer: the aggregates run there, a row per customer travels, and
# versions, scores and features are those of the stream over the same rows, to the last bit.
source tests/integration/lib.sh
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
    [ -e "$folders/host$number" ] || fail "server $number did not start" "$(<"$folders/log$number")"
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
            OPTIONS (host '$(host "$number")', dbname 'postgres', extensions 'customer_ai', async_capable 'true',
            fetch_size '1000')" \
        -c "CREATE USER MAPPING FOR CURRENT_USER SERVER server_$number OPTIONS (user 'postgres')" \
        -c "CREATE FOREIGN TABLE far.part_$number PARTITION OF far.orders FOR
            VALUES WITH (MODULUS 2, REMAINDER $((number - 1)))
            SERVER server_$number OPTIONS (schema_name 'public', table_name 'part')"
done
query -c 'INSERT INTO far.orders SELECT * FROM shop.orders ORDER BY random()' -c 'ANALYZE far.orders'
for number in 1 2; do
    rows=$(remote "$number" -c 'SELECT count(*) FROM part')
    [ "$rows" -gt 5000 ] || fail "only $rows rows on server $number"
done

# Training reads a history of each customer, of a sample only its histories, and makes the very same versions.
query <<'SQL'
SET client_min_messages = error;
SELECT customer_ai.create_model('far', 'far.orders', goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL) \g /dev/null
SELECT customer_ai.train('far') \g /dev/null
SELECT customer_ai.create_model(model, events::regclass, goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id',
    time_column => 'ordered_at', type_column => 'event',
    options => '{"algorithm": "logistic", "max_training_rows": 400}')
FROM (VALUES ('some_here', 'shop.orders'), ('some_far', 'far.orders')) m (model, events) \g /dev/null
SELECT customer_ai.train('some_here') \g /dev/null
SQL
logged=(-c "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on"
    -c "SET auto_explain.log_verbose = on; SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off" \
    -c 'SET client_min_messages = log')
# The plan of the query with an aggregate, from a log; it was sent to both servers, and so many rows came back.
shipped() { # log, aggregate, rows
    local plan rows
    plan=$(sed -n "/Query Text: SELECT e._profile, customer_ai_internal.$2/,/^LOG/p" <<<"$1" | cut -c1-300)
    [ "$(grep -c 'Async Foreign Scan' <<<"$plan")" = 2 ] || fail "not two asynchronous foreign scans of $2" "$plan"
    [ "$(grep -c "Remote SQL: SELECT customer_id, customer_ai_internal.$2" <<<"$plan")" = 2 ] ||
        fail "$2 is not in the remote SQL" "$plan"
    rows=$(sed -n 's/.*Async Foreign Scan.*actual rows=\([0-9]*\).*/\1/p' <<<"$plan" |
        awk '{ rows += $1 } END { print rows }')
    [ "$rows" = "$3" ] || fail "$rows rows travelled for $2, expected $3" "$plan"
}
customers=$(query -c 'SELECT count(DISTINCT customer_id) FROM shop.orders')
log=$(query "${logged[@]}" -c "SELECT customer_ai.train('some_far')" 2>&1)
share=$(query -c "SELECT DISTINCT detail->>'profiles_read' FROM customer_ai.runs WHERE model LIKE 'some_%'
    AND kind = 'train'")
sampled=$(query -c "SELECT count(DISTINCT customer_id) FROM shop.orders
    WHERE customer_ai_internal.sample_place(customer_id) / 2::float8 ^ 64 + 0.5 < $share")
[ "$share" = 0.25 ] && [ "$sampled" -lt $((customers / 3)) ] || fail "a sample of $share with $sampled customers"
shipped "$log" event_counts "$customers"
shipped "$log" event_history "$sampled"
log=$(query "${logged[@]}" -c "SELECT * FROM customer_ai.check_model('far')" 2>&1)
shipped "$log" event_history "$customers"
[ "$(query -c 'SELECT count(*), count(DISTINCT document) FROM customer_ai.version')" = '4|2' ] || fail "versions differ"
[ "$(query -c "SELECT count(DISTINCT (profiles, skipped, detail - 'seconds' - 'cpu' - 'feeder' - 'processes' - 'partitions')) FROM customer_ai.runs WHERE kind = 'train'")" = 2 ] || fail "records of runs differ"
[ "$(query -c "SELECT string_agg(model || ' ' || (detail->>'feeder'), ', ' ORDER BY run) FROM customer_ai.runs
    WHERE kind = 'train'")" = \
    "repurchase local, far pushed_down, some_here local, some_far pushed_down" ] || fail "wrong feeder"
judged() { # model
    query <<SQL
SELECT * FROM customer_ai.check_model('$1');
SELECT * FROM customer_ai.backtest('$1', '{2011-08-01, 2011-10-01}');
SQL
}
diff <(judged some_here) <(judged some_far) || fail "checks or backtests differ"

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
    [ "$(wc -l <<<"$here")" -gt 3000 ] || fail "only $(wc -l <<<"$here") lines compared"
    diff <(echo "$here") <(echo "$there") >"$folders/diff" ||
        fail "the feeders differ:" "$(head -20 "$folders/diff")"
done
feeders=$(query -c "SELECT string_agg(model || ' ' || (detail->>'feeder'), ', ' ORDER BY run) FROM customer_ai.runs
    WHERE kind = 'score'")
[ "$feeders" = "repurchase local, repurchase local, far pushed_down, repurchase local, far pushed_down" ] ||
    fail "feeders: $feeders"

# The very queries, as they were planned and run.
log=$(query "${logged[@]}" -c "SELECT * FROM customer_ai.score('far', as_of => '$AS_OF')" 2>&1)
shipped "$log" event_scores "$customers"

# Several sources are histories each; a condition with an aggregate and profile attributes are read beside them.
query <<'SQL'
SET client_min_messages = error;
CREATE TABLE shop.visits AS SELECT customer_id::int, ordered_at + interval '1 hour' AS at, country AS place
    FROM shop.orders WHERE customer_id % 3 = 0;
CREATE TABLE shop.customers AS SELECT customer_id, min(country) AS home FROM shop.orders GROUP BY 1;
SELECT customer_ai.create_model(model, events::regclass, goal => 'sum(revenue) > 200', outcome_window => '30 days',
    profile_column => 'customer_id',
    time_column => 'ordered_at',
    options => '{"algorithm": "logistic", "max_training_rows": 400, "ignore": ["invoice_no"]}')
FROM (VALUES ('mixed_here', 'shop.orders'), ('mixed_far', 'far.orders')) m (model, events) \g /dev/null
SELECT customer_ai.add_events(model, 'shop.visits', 'customer_id', 'at', event_type => 'visit')
    FROM (VALUES ('mixed_here'), ('mixed_far')) m (model) \g /dev/null
SELECT customer_ai.add_profiles(model, 'shop.customers', 'customer_id')
    FROM (VALUES ('mixed_here'), ('mixed_far')) m (model) \g /dev/null
SELECT customer_ai.train('mixed_here') \g /dev/null
SELECT customer_ai.train('mixed_far') \g /dev/null
SELECT customer_ai.score('mixed_here') \g /dev/null
SELECT customer_ai.score('mixed_far') \g /dev/null
SQL
found=$(query -c "SELECT count(DISTINCT document), string_agg(DISTINCT detail->>'feeder', ' ')
    FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id
    JOIN customer_ai.runs r ON r.model = m.name AND r.kind = 'train' WHERE m.name LIKE 'mixed_%'")
[ "$found" = '1|local pushed_down' ] || fail "mixed sources: $found"
found=$(query -c "SELECT count(*) > 1000, bool_and(h.probability = f.probability AND h.factors = f.factors),
    (SELECT string_agg(detail->>'feeder', ' ' ORDER BY run) FROM customer_ai.runs
    WHERE kind = 'score' AND model LIKE 'mixed_%') FROM shop.mixed_here_scores h FULL JOIN far.mixed_far_scores f
    USING (customer_id)")
[ "$found" = 't|t|local pushed_down' ] || fail "scores of mixed sources: $found"

# Members of JSON documents are shipped, as text and as numbers.
for number in 1 2; do
    remote "$number" -c 'CREATE TABLE click (customer_id bigint, at timestamptz, properties jsonb)'
    query -c "CREATE FOREIGN TABLE IF NOT EXISTS far.click_$number (customer_id bigint, at timestamptz,
        properties jsonb) SERVER server_$number OPTIONS (schema_name 'public', table_name 'click')"
done
query <<'SQL'
SET client_min_messages = error;
CREATE TABLE shop.clicks AS SELECT customer_id, ordered_at AS at, CASE lines % 5 WHEN 0 THEN '[1]'
    WHEN 1 THEN jsonb_build_object('plan', lines)
    ELSE jsonb_build_object('plan', 'plan ' || lines % 3, 'the "price"', revenue, 'a',
    jsonb_build_object('b', country)) END AS properties FROM shop.orders WHERE customer_id % 2 = 0;
CREATE TABLE far.clicks (LIKE shop.clicks) PARTITION BY HASH (customer_id);
ALTER TABLE far.clicks ATTACH PARTITION far.click_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
ALTER TABLE far.clicks ATTACH PARTITION far.click_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO far.clicks SELECT * FROM shop.clicks;
ANALYZE far.clicks;
SELECT customer_ai.create_model(model, events::regclass, goal => $$ properties @> '{"plan": "plan 1"}' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'at',
    options => $$ {"algorithm": "logistic", "max_training_rows": 2000, "attributes": {"plan": "properties ->> 'plan'", "deep": "properties -> 'a' ->> 'b'", "price": "(properties -> 'the \"price\"')::numeric"}} $$)
FROM (VALUES ('json_here', 'shop.clicks'), ('json_far', 'far.clicks')) m (model, events) \g /dev/null
SELECT customer_ai.train('json_here') \g /dev/null
SQL
log=$(query "${logged[@]}" -c "SELECT customer_ai.train('json_far')" 2>&1)
[ "$(grep -c "Remote SQL: SELECT customer_id, customer_ai_internal.event_history.*json_member_text(customer_ai_internal.json_member(properties, " <<<"$log")" = 2 ] ||
    fail "members are not in the remote SQL" "$(grep 'Remote SQL' <<<"$log")"
[ "$(query -c "SELECT count(*), count(DISTINCT document) FROM customer_ai.version v
    JOIN customer_ai.model m ON m.id = v.model_id WHERE m.name LIKE 'json_%'")" = '2|1' ] ||
    fail "versions with members of JSON differ"

# An expression that postgres_fdw does not ship leaves the rows to the stream.
query <<'SQL'
SET client_min_messages = error;
SELECT customer_ai.create_model('unshipped', 'far.orders',
    goal => $$ event = 'purchase' AND extract(dow FROM ordered_at) < 4 $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at',
    options => '{"algorithm": "logistic", "ignore": ["invoice_no"]}') \g /dev/null
SELECT customer_ai.train('unshipped') \g /dev/null
SELECT customer_ai.score('unshipped') \g /dev/null
SQL
feeder=$(query -c "SELECT DISTINCT detail->>'feeder' FROM customer_ai.runs WHERE model = 'unshipped'")
[ "$feeder" = local ] || fail "an unshipped goal was read by $feeder"

# A server that fails is heard of, and nothing is written.
before=$(query -c 'SELECT count(*) FROM customer_ai.runs')
remote 2 -c 'ALTER TABLE part RENAME TO gone'
failure=$(query -c "SELECT * FROM customer_ai.score('far')" 2>&1) && fail "scored without a part"
grep -q 'relation "public.part" does not exist' <<<"$failure" || fail "$failure"
[ "$(query -c 'SELECT count(*) FROM customer_ai.runs')" = "$before" ] || fail "a failed run is listed"
echo "$customers customers of $(query -c 'SELECT count(*)
    FROM shop.orders') events on 2 servers: $customers rows travelled, $sampled of a sample, the same bits"
