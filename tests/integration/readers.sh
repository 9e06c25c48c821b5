#!/usr/bin/env bash
# Four readers while one session scores again and again: each read sees one whole run, none waits.
source tests/integration/lib.sh
readonly SECONDS_LONG=10

query -f tests/integration/sql/shop.sql
profiles=$(query -c 'SELECT count(*) FROM shop.repurchase_scores')
# Division by zero ends pgbench at the first read that is not exactly one run of all profiles.
cat >"$OUTPUT/read.sql" <<SQL
SELECT 1 / (count(*) = $profiles AND count(DISTINCT run) = 1)::int FROM shop.repurchase_scores;
SQL
end=$((SECONDS + SECONDS_LONG))
(
    runs=0
    while [ "$SECONDS" -lt "$end" ]; do
        query -c "SELECT customer_ai.score('repurchase')" >/dev/null
        runs=$((runs + 1))
    done
    echo "$runs" >"$OUTPUT/runs"
) &
scorer=$!
pgbench -n -M prepared -c 4 -j 1 -T "$SECONDS_LONG" -l --log-prefix="$OUTPUT/read" \
    -f "$OUTPUT/read.sql" >"$OUTPUT/pgbench" 2>&1 ||
    fail "$(<"$OUTPUT/pgbench")"
wait "$scorer"
! grep -q 'ERROR' "$OUTPUT/pgbench" || fail "$(<"$OUTPUT/pgbench")"
reads=$(cat "$OUTPUT"/read.[0-9]* | wc -l)
runs=$(<"$OUTPUT/runs")
rm "$OUTPUT"/read.[0-9]*
[ "$reads" -ge 200 ] && [ "$runs" -ge 2 ] || fail "only $reads reads during $runs runs"
echo "$reads reads during $runs runs, each of one whole run"
