#!/usr/bin/env bash
# Every feature of a tenth of the customers, to the last bit, is the same whatever the plan, the session, the order of
# the rows and the shape of the source; twice the events give twice the counts and sums; moving all times and the cutoff
# by whole days changes nothing.
source tests/integration/lib.sh
readonly AS_OF="2011-11-01 12:00 Europe/Berlin"

query -f demo/load.sql -c 'DELETE FROM shop.orders WHERE customer_id % 10 <> 0' -c 'CREATE EXTENSION customer_ai'
# One model by conditions about events, in a time zone whose clocks change, and one by aggregates. Both are trained, so
# that what their features are does not change.
query <<'SQL' >/dev/null
SET client_min_messages = error;
SELECT customer_ai.create_model('plain', 'shop.orders', goal => $$ event = 'purchase' $$, outcome_window => '30 days',
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event', eligible_window => NULL,
    options => '{"timezone": "Europe/Berlin", "algorithm": "logistic"}');
SELECT customer_ai.create_model('loyal', 'shop.orders', goal => $$ count(*) FILTER (WHERE event = 'purchase') >= 2 $$,
    outcome_window => '45 days', eligible => $$ sum(revenue) > 100 $$, eligible_window => '200 days',
    exclude => $$ country = 'EIRE' $$,
    profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    options => '{"timezone": "UTC", "algorithm": "logistic", "allow_small": true}');
SELECT customer_ai.train('plain'), customer_ai.train('loyal');
CREATE TABLE found (variant text, model text, profile text, feature text, value float8, bits bytea,
    category text) WITH (autovacuum_enabled = off);
SQL
readonly INSERT="INSERT INTO found SELECT :'variant', model, profile, feature, value, float8send(value), category
    FROM (VALUES ('plain'), ('loyal')) m(model), LATERAL customer_ai.features(model, :'as_of')"
# Analyzed at once: what autovacuum saw between two variants may have been an empty table, and joins then take hours.
variant() { # name, SQL to run before
    query -v variant="$1" -v as_of="${3:-$AS_OF}" -c 'SET client_min_messages = error' -c "$2" -f <(echo "$INSERT") \
        -c 'ANALYZE found'
}
variant plain 'SELECT 1' >/dev/null
variant hash 'SET enable_sort = off; SET enable_indexscan = off; SET enable_mergejoin = off; SET enable_nestloop = off'
variant sort 'SET enable_hashagg = off; SET enable_hashjoin = off'
variant index 'SET enable_seqscan = off; SET enable_bitmapscan = off'
variant parallel "SELECT set_config(name, 'on', false) FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
    SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0"
variant session "SET timezone = 'America/St_Johns'; SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'iso_8601';
    SET extra_float_digits = -15"
query -c 'ALTER TABLE shop.orders RENAME TO whole' \
    -c 'CREATE TABLE shop.orders AS SELECT * FROM shop.whole ORDER BY md5(whole::text)'
variant shuffled 'SET work_mem = 64'
query -c 'DROP TABLE shop.orders' -c 'CREATE TABLE shop.orders (LIKE shop.whole) PARTITION BY HASH (customer_id)'
for part in 0 1 2 3; do
    query -c "CREATE TABLE shop.part$part PARTITION OF shop.orders FOR VALUES WITH (MODULUS 4, REMAINDER $part)"
done
query -c 'INSERT INTO shop.orders TABLE shop.whole'
variant partitions 'SET enable_partitionwise_aggregate = on; SET enable_partitionwise_join = on; SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0'
halves=("SELECT * FROM shop.whole WHERE md5(invoice_no) < '8'" "SELECT * FROM shop.whole WHERE md5(invoice_no) >= '8'")
query -c 'DROP TABLE shop.orders' -c "CREATE VIEW shop.orders AS ${halves[0]} UNION ALL ${halves[1]}"
variant halves 'SET enable_indexscan = off'
query -c "CREATE OR REPLACE VIEW shop.orders AS ${halves[1]} UNION ALL ${halves[0]}"
variant halves_swapped 'SET enable_seqscan = off'
read -r variants values < <(query -F ' ' \
    -c "SELECT count(DISTINCT variant), count(*) / count(DISTINCT variant) FROM found")
[ "$variants" = 10 ] && [ "$values" -gt 70000 ] || fail "$variants variants of $values values"
different=$(query -c "SELECT v.variant, model, feature, count(*) FROM found v FULL
        JOIN (SELECT * FROM found WHERE variant = 'plain') p
        USING (model, profile, feature)
    WHERE (v.bits, v.category) IS DISTINCT FROM (p.bits, p.category) OR v.variant IS NULL OR p.variant IS NULL
    GROUP BY 1, 2, 3 LIMIT 10")
[ -z "$different" ] && [ "$(query -c "SELECT count(*) = $variants * $values FROM found")" = t ] ||
    fail "not the same: $different"

# Two sources in either order: the same features, learned from either.
query -c 'DROP VIEW shop.orders' -c "CREATE TABLE shop.left AS ${halves[0]}" \
    -c "CREATE TABLE shop.right AS ${halves[1]}" -c 'DELETE FROM found'
for first in left right whole; do
    query -c "SELECT customer_ai.create_model('$first', 'shop.$first', \$\$ event = 'purchase' \$\$, '30 days',
        'customer_id', 'ordered_at', 'event', eligible_window => NULL)" >/dev/null
    case $first in
        left) second=right ;;
        right) second=left ;;
        *) second= ;;
    esac
    [ -z "$second" ] || query \
        -c "SELECT customer_ai.add_events('$first', 'shop.$second', 'customer_id', 'ordered_at', 'event')" >/dev/null
    query -c "INSERT INTO found SELECT '$first', '', profile, feature, value, float8send(value), category
        FROM customer_ai.features('$first', '$AS_OF')"
done
[ "$(query -c "SELECT count(*) FROM (SELECT profile, feature FROM found
    GROUP BY profile, feature HAVING count(*) <> 3 OR count(DISTINCT (bits, category)) <> 1) d")" = 0 ] ||
    fail "two sources are not their union: $(query -c 'SELECT variant, count(*), count(DISTINCT feature) FROM found
        GROUP BY 1')"

# Every event twice: counts and sums double, also where the past weighs less; what is about days, kinds and extremes
# stays. (Gaps and means of the last few are about the order of events: they may do either.)
query -c 'CREATE VIEW shop.orders AS TABLE shop.whole' -c 'DELETE FROM found'
variant once 'SELECT 1' >/dev/null
query -c 'CREATE OR REPLACE VIEW shop.orders AS TABLE shop.whole UNION ALL TABLE shop.whole'
variant twice 'SELECT 1' >/dev/null
query <<'SQL'
CREATE VIEW pair AS SELECT model, feature, o.value AS one, t.value AS two, o.category AS one_category,
    t.category AS two_category,
    feature ~ '^(cnt|sum|goal_cnt|goal_decay|decay)_' AND feature !~ '^decay_days' AS doubles,
    feature ~ '^(days|rec|ten|nuniq|max|last|mean_|goal_rec|decay_days)' AS stays
FROM (SELECT * FROM found WHERE variant = 'once') o JOIN (SELECT * FROM found WHERE variant = 'twice') t
    USING (model, profile, feature);
SQL
odd=$(query -c "SELECT feature, one, two FROM pair WHERE model = 'plain'
        AND (doubles AND abs(two - 2 * one) > 1e-9 * abs(one)
        OR stays AND (abs(two - one) > 1e-9 * abs(one) OR one_category IS DISTINCT FROM two_category)
        OR (one IS NULL) <> (two IS NULL) AND (doubles OR stays)) LIMIT 10")
[ -z "$odd" ] || fail "neither doubled nor the same: $odd"
read -r doubled stayed < <(query -F ' ' -c "SELECT count(DISTINCT feature) FILTER (WHERE doubles AND one <> 0),
    count(DISTINCT feature) FILTER (WHERE stays) FROM pair WHERE model = 'plain'")
[ "$doubled" -gt 40 ] && [ "$stayed" -gt 40 ] || fail "only $doubled features doubled, $stayed stayed"

# Whole days later nothing changes at all. Without a zone whose clocks change, because a day there is not always 24
# hours.
query -c "UPDATE customer_ai.model SET time_zone = 'UTC' WHERE name = 'plain'" -c 'DELETE FROM found'
query -c 'CREATE OR REPLACE VIEW shop.orders AS TABLE shop.whole'
variant now 'SELECT 1' >/dev/null
for days in 28 29; do
    query -c "CREATE OR REPLACE VIEW shop.orders AS SELECT customer_id,
        ordered_at + interval '$((24 * days)) hours' AS ordered_at, event, invoice_no, lines, products, quantity,
        revenue, country FROM shop.whole"
    variant "$days" 'SELECT 1' "$(query -c "SELECT timestamptz '$AS_OF' + interval '$((24 * days)) hours'")" >/dev/null
done
moved=$(query -c "SELECT string_agg(DISTINCT v.variant || ' ' || feature, ', ')
        FROM (SELECT * FROM found WHERE variant = 'now') n
        FULL JOIN (SELECT * FROM found WHERE variant <> 'now') v USING (model, profile, feature)
    WHERE (n.bits, n.category) IS DISTINCT FROM (v.bits, v.category)")
[ -z "$moved" ] || fail "moving the time changed: $moved"
[ "$(query -c 'SELECT count(*) FROM (SELECT variant, count(*) FROM found GROUP BY 1) c')" = 3 ] ||
    fail "not three times"
echo "$variants variants of $values values; sources in either order; $doubled features double with the events, $stayed stay; moved in time all stay"
