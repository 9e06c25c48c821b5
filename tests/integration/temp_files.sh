#!/usr/bin/env bash
# Temporary files obey temp_file_limit, and none is left behind by errors, cancels and success of training, scoring
# and features. Where the system does not write one, the error says so and what to do.
source tests/integration/lib.sh
files() { ls "$PGDATA"/base/pgsql_tmp 2>/dev/null || true; }

query -c 'CREATE EXTENSION customer_ai' -c "CREATE TABLE visit AS SELECT p AS profile,
        timestamptz '2025-01-01' + (p * 7 + n * 97) % 2880 * interval '1 hour' AS at,
        CASE WHEN (p * 31 + n * 17) % 11 < 3 THEN 'buy' ELSE 'look' END AS kind, repeat('x', n % 50) AS path,
        n::float8 AS amount
    FROM generate_series(1, 20000) p, generate_series(1, 20) n"
query -c "SELECT customer_ai.create_model('visits', 'visit', \$\$ kind = 'buy' \$\$, '10 days', 'profile', 'at', 'kind',
    options => '{\"algorithm\": \"logistic\", \"max_training_rows\": 5000}')" \
    -c "SET client_min_messages = error" -c "SELECT customer_ai.train('visits')" \
    -c "SELECT customer_ai.score('visits')" >/dev/null
[ -z "$(files)" ] || fail "success leaves $(files)"
calls=("customer_ai.train('visits')" "customer_ai.score('visits')" "customer_ai.features('visits')" "customer_ai.check_model('visits')")
seen=0
for call in "${calls[@]}"; do
    error=$(query -v VERBOSITY=sqlstate -c "SET client_min_messages = error" -c "SET temp_file_limit = '200kB'" \
        -c "SELECT count(*) FROM $call" 2>&1 >/dev/null) || true
    [[ $error = *53400* ]] || fail "$call with a temp_file_limit of 200 kB: ${error:-no error}"
    [ -z "$(files)" ] || fail "the limit in $call leaves $(files)"
    # In one session: what an error leaves to the end of the session would be seen.
    started=$EPOCHREALTIME
    query -c "SET client_min_messages = error" -c BEGIN -c "SELECT count(*) FROM $call" -c ROLLBACK >/dev/null
    whole=$(awk "BEGIN { printf \"%d\", 1000 * ($EPOCHREALTIME - $started) }")
    for trial in 1 2 3 4; do
        left=$(psql -X -q -At 2>/dev/null <<SQL
SET client_min_messages = error;
SET statement_timeout = $((1 + whole * trial / 5));
SELECT count(*) FROM $call \g /dev/null
RESET statement_timeout;
SELECT count(*) FROM pg_ls_tmpdir();
SQL
        )
        [ "$left" = 0 ] || fail "$call cancelled after $((whole * trial / 5)) ms leaves $left files"
        seen=$((seen + 1))
    done
done

# A backend that may not write so much into a file. What it reads is on disk by then, and it writes nothing else.
query -c 'VACUUM visit' -c CHECKPOINT
for setting in max_parallel_workers_per_gather=0 min_parallel_table_scan_size=0; do
    refused=$(psql -X -q -At 2>&1 <<SQL
\set VERBOSITY verbose
SET client_min_messages = error;
SET $setting;
SET parallel_setup_cost = 0;
SELECT pg_backend_pid() AS pid \gset
\setenv BACKEND :pid
\! prlimit --pid "\$BACKEND" --fsize=1100000:
SELECT count(*) FROM customer_ai.check_model('visits');
\! prlimit --pid "\$BACKEND" --fsize=unlimited:
SELECT count(*) FROM pg_ls_tmpdir();
SELECT count(*) > 0 FROM customer_ai.check_model('visits');
SQL
    )
    [[ $refused =~ ERROR:\ *(53100|58030):\ temporary\ file.*DETAIL:\ *Found:.*HINT:.*temp_tablespaces ]] ||
        fail "a file that cannot be written: $refused"
    [[ $refused = *$'\n0\nt' ]] || fail "after a file that cannot be written: $refused"
done
echo "${#calls[@]} functions end with 53400 at temp_file_limit; nothing left after that and after $seen cancels"
