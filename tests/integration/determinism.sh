#!/usr/bin/env bash
# The same data and seed give the same version, byte for byte, and the same scores, whatever the order of the rows,
# the plan, the number of threads, the settings of the session and its time zone.
source tests/integration/lib.sh
readonly AS_OF="2011-11-01 00:00:00+00"

# A fifth of the customers is enough: every variant trains and scores.
query -f demo/load.sql -c 'DELETE FROM shop.orders WHERE customer_id % 5 <> 0' -c 'CREATE EXTENSION customer_ai'
query <<'SQL' >/dev/null
SELECT customer_ai.create_model('repurchase', 'shop.orders', goal => $$ event = 'purchase' $$,
    outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at', type_column => 'event',
    eligible => $$ event = 'purchase' $$, eligible_window => NULL);
SQL
query -c 'CREATE TABLE result (variant text, document text, scores text)'
variant() { # name, SQL to run before
    query -c 'SET client_min_messages = error' -c "$2" \
        -c "SELECT * FROM customer_ai.train('repurchase', as_of => '$AS_OF', activate => 'always')"  \
        -c "SELECT * FROM customer_ai.score('repurchase', as_of => '$AS_OF')"  \
        -c "SET extra_float_digits = 1; INSERT INTO result
            SELECT '$1', (SELECT md5(document) FROM customer_ai.version ORDER BY id DESC LIMIT 1),
                md5(string_agg(concat_ws(',', customer_id, encode(float8send(probability), 'hex'), score, percentile,
                bucket, factors), ';' ORDER BY customer_id))
            FROM shop.repurchase_scores" >/dev/null
}
variant plain "SELECT 1"
variant again "SELECT 1"
variant parallel "SELECT set_config(name, 'on', false) FROM pg_settings
    WHERE name IN ('force_parallel_mode', 'debug_parallel_query'); SET parallel_setup_cost = 0;
    SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 4"
variant no_hash "SET enable_hashagg = off; SET enable_hashjoin = off; SET enable_seqscan = off"
variant no_sort "SET enable_sort = off; SET enable_indexscan = off; SET enable_bitmapscan = off"
variant jit "SET jit = on; SET jit_above_cost = 0; SET jit_optimize_above_cost = 0; SET jit_inline_above_cost = 0"
variant one_thread "SET customer_ai.threads = 1"
variant kolkata "SET timezone = 'Asia/Kolkata'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'"
variant apia "SET timezone = 'Pacific/Apia'; SET DateStyle = 'SQL, DMY'; SET bytea_output = 'escape';
    SET extra_float_digits = -15"
variant little_memory "SET work_mem = '64kB'; SET maintenance_work_mem = '1MB'"
variant in_transaction "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;
    SET default_transaction_isolation = 'repeatable read'"
variant clustered "CREATE INDEX by_revenue ON shop.orders (revenue, invoice_no); CLUSTER shop.orders USING by_revenue"
variant shuffled "CREATE TABLE shuffled AS SELECT * FROM shop.orders ORDER BY random(); TRUNCATE shop.orders;
    INSERT INTO shop.orders SELECT * FROM shuffled"
variant unindexed "DROP INDEX shop.orders_customer_id_ordered_at_idx"
variants=$(query -c 'SELECT count(*) FROM result')
[ "$variants" = 14 ] || fail "ran $variants variants, expected 14"
[ "$(query -c 'SELECT count(DISTINCT (document, scores)) FROM result')" = 1 ] ||
    fail 'not one result:' "$(query -c 'SELECT * FROM result')"

# The hash would notice: another seed gives another version.
query -c "SET client_min_messages = error" \
    -c "SELECT customer_ai.create_model('other_seed', 'shop.orders', goal => \$\$ event = 'purchase' \$\$,
        outcome_window => '30 days', profile_column => 'customer_id', time_column => 'ordered_at',
        type_column => 'event',
        eligible => \$\$ event = 'purchase' \$\$, eligible_window => NULL, options => '{\"seed\": 2}')" \
    -c "SELECT * FROM customer_ai.train('other_seed', as_of => '$AS_OF')" >/dev/null
[ "$(query -c 'SELECT count(*) FROM result WHERE document = (SELECT md5(document)
    FROM customer_ai.version ORDER BY id DESC LIMIT 1)')" = 0 ] ||
    fail "another seed gives the same version"
echo "$variants variants, one version and one set of scores"
