#!/usr/bin/env bash
# A backend's own memory stays under 64 MB while it scores, on one core and on two, though the records of the events
# take more; the query that reads them is not compiled.
source tests/integration/lib.sh

# Three million events: 75 MB of records.
query -c 'CREATE EXTENSION customer_ai' -c "CREATE TABLE visit AS SELECT p AS profile,
        timestamptz '2025-01-01' + (p * 7 + n * 97) % 2880 * interval '1 hour' AS at,
        CASE WHEN (p * 31 + n * 17) % 11 < 3 THEN 'buy' ELSE 'look ' || n % 7 END AS kind, n::float8 AS amount,
        'x' || n % 5 AS place
    FROM generate_series(1, 100000) p, generate_series(1, 30) n" -c 'ANALYZE visit'
query -c "SELECT customer_ai.create_model('visits', 'visit', \$\$ kind = 'buy' \$\$, '10 days', 'profile', 'at', 'kind',
    options => '{\"algorithm\": \"logistic\", \"max_training_rows\": 5000}')" \
    -c "SET client_min_messages = error" -c "SELECT customer_ai.train('visits')" >/dev/null

# Prints the most kilobytes of anonymous memory of a backend that calls this with these settings, and whether it has
# loaded what compiles queries.
peak_of() {
    local answers=$PGDATA/memory_answers seen=0 now backend process
    query >"$answers" <<SQL &
$2
SELECT pg_backend_pid();
SELECT count(*) FROM $1;
SELECT pg_read_file('/proc/self/maps') ~ 'llvmjit';
SQL
    process=$!
    until [ -s "$answers" ]; do sleep 0.01; done
    backend=$(head -1 "$answers")
    while kill -0 "$process" 2>/dev/null; do
        now=$(awk '/^RssAnon/ { print $2 }' "/proc/$backend/status" 2>/dev/null) || true
        [ "${now:-0}" -le "$seen" ] || seen=$now
    done
    wait "$process"
    echo "$seen $(tail -n +2 "$answers" | paste -sd ' ')"
    rm "$answers"
}

two="SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0;"
for settings in "SET customer_ai.threads = 1; SET max_parallel_workers_per_gather = 0;" "$two" \
    "$two SET jit = on; SET jit_above_cost = 10000;" "SET customer_ai.feeder = pushed_down;"; do
    read -r peak count compiled <<<"$(peak_of "customer_ai.score('visits')" "$settings")"
    [ "$count" = 1 ] || fail "score gives $count rows after $settings"
    [ "$peak" -gt 8192 ] || fail "scoring was not watched: $peak kB after $settings"
    [ "$peak" -lt 65536 ] || fail "$peak kB while scoring after $settings"
    # Nothing but the reading costs as much.
    [ "$compiled" = f ] || fail "a query was compiled after $settings"
done
