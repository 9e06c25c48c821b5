#!/usr/bin/env bash
# After the profile column has got another type, a dump can be restored, and readers have seen old or new scores,
# never none.
source tests/integration/lib.sh

query <<'SQL' >/dev/null
CREATE EXTENSION IF NOT EXISTS customer_ai;
CREATE SCHEMA shop;
CREATE TABLE shop.orders AS
    SELECT left(p::text, 10)::varchar(10) AS customer_id,
        timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event
    FROM generate_series(1, 300) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
SELECT customer_ai.create_model('repurchase', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'at',
    'event',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.train('repurchase');
SELECT customer_ai.score('repurchase');
SELECT customer_ai.create_segment('shop.likely', 'repurchase', $$ score >= 50 $$);
SQL
profiles=$(query -c 'SELECT count(*) FROM shop.repurchase_scores')

# Readers of the view and of the segment, until a file tells them to stop.
stop=$OUTPUT/stop
read_on() {
    while [ ! -e "$stop" ]; do
        query -c 'SELECT count(*), count(DISTINCT run), count(DISTINCT pg_typeof(customer_id)) FROM shop.repurchase_scores'
    done | sort | uniq -c
}
rm -f "$stop"
read_on >"$OUTPUT/seen" &
reader=$!
for type in 'varchar(40)' 'text' 'bigint USING customer_id::bigint' 'int' 'varchar(12)'; do
    query -c "ALTER TABLE shop.orders ALTER customer_id TYPE $type" \
        -c "SELECT customer_ai.score('repurchase')" >/dev/null
done
touch "$stop"
wait $reader || fail "a reader failed"
[ "$(sed 's/^ *[0-9]* //' "$OUTPUT/seen")" = "$profiles|1|1" ] || fail "readers have seen: $(cat "$OUTPUT/seen")"

# An id that needs the new width, then a dump of everything.
query -c "UPDATE shop.orders SET customer_id = 'customer 007' WHERE customer_id = '7'" \
    -c "SELECT customer_ai.score('repurchase')" >/dev/null
restored=${PGDATABASE}_restored
state() {
    query -d "$1" -c 'SELECT * FROM shop.repurchase_score_history ORDER BY run, customer_id' \
        -c 'SELECT * FROM shop.repurchase_scores ORDER BY 1' -c 'SELECT * FROM shop.likely ORDER BY 1'
}
createdb "$restored"
pg_dump | query -d "$restored" >/dev/null
[ "$(state "$PGDATABASE")" = "$(state "$restored")" ] || fail "the restored scores differ"
query -d "$restored" -c "ALTER TABLE shop.orders ALTER customer_id TYPE varchar(50)" \
    -c "SELECT customer_ai.score('repurchase')" >/dev/null
[ "$(query -d "$restored" -c "SELECT count(*) FROM shop.repurchase_scores WHERE customer_id = 'customer 007'")" = 1 ] ||
    fail "the restored model does not score"
