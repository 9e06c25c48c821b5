#!/usr/bin/env bash
# A session keeps little more memory after cancelled calls than after ones that end well, also where a function catches
# the error. On one thread: of a second one the C library keeps the end of its arena, some 20 MB at most, for the next.
source tests/integration/lib.sh
readonly MOST=10000 # kB more than after the first round

query -f tests/integration/sql/shop.sql
query <<'SQL'
CREATE FUNCTION anonymous() RETURNS int LANGUAGE sql AS
    $$ SELECT substring(pg_read_file('/proc/self/status') FROM 'RssAnon:\s+(\d+) kB')::int $$;
-- Whether the call was cancelled.
CREATE FUNCTION cancelled(call text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'SELECT count(*) FROM ' || call;
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN true;
END $$;
SQL
calls=("customer_ai.train('repurchase')" "customer_ai.score('repurchase')" "customer_ai.check_model('repurchase')")
cancels=0
for call in "${calls[@]}"; do
    started=$EPOCHREALTIME
    query -c 'SET client_min_messages = error' -c BEGIN -c "SELECT * FROM $call" -c ROLLBACK >/dev/null
    whole=$(awk "BEGIN { printf \"%d\", 1000 * ($EPOCHREALTIME - $started) }")
    {
        echo "SET client_min_messages = error; SET customer_ai.threads = 1; SELECT count(*) FROM $call \g /dev/null"
        echo "SELECT 'kB', anonymous();"
        for part in 2 4 5 7; do
            echo "SET statement_timeout = $((1 + whole * part / 8)); SELECT count(*) FROM $call \g /dev/null"
            echo "SELECT 'cancelled' WHERE cancelled(\$\$$call\$\$);"
            echo "RESET statement_timeout; SELECT 'kB', anonymous();"
        done
    } >"$OUTPUT/session.sql"
    said=$(psql -X -q -At -f "$OUTPUT/session.sql" 2>&1)
    mapfile -t memory < <(sed -n 's/^kB|//p' <<<"$said")
    cancels=$((cancels + $(grep -c 'canceling statement\|^cancelled' <<<"$said" || true)))
    for kilobytes in "${memory[@]}"; do
        [ "$kilobytes" -lt $((memory[0] + MOST)) ] || fail "memory in kB after $call and cancels: ${memory[*]}"
    done
    echo "$call: ${memory[*]} kB"
done
rm "$OUTPUT/session.sql"
[ "$cancels" -ge 8 ] || fail "only $cancels of 24 calls were cancelled"
echo "$cancels calls cancelled, at most $MOST kB more after cancels"
