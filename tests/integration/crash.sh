#!/usr/bin/env bash
# Killing the backend at any moment of training or scoring leaves the old versions and scores, and no stray files.
set -euo pipefail
if [ "${1:-}" != inside ]; then
    exec tools/cluster --crash-expected bash "$0" inside
fi
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
state() {
    query -c 'SELECT * FROM customer_ai.versions' -c 'SELECT * FROM customer_ai.runs' \
        -c 'SELECT * FROM shop.repurchase_scores ORDER BY customer_id'
}

# The postmaster still answers for a moment after a backend was killed: only a new checkpointer tells that the
# server has recovered.
checkpointer() { query -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"; }
await_recovery() { # the checkpointer before
    local now=$1
    until [ -n "$now" ] && [ "$now" != "$1" ]; do
        sleep 0.05
        now=$(checkpointer 2>/dev/null) || now=
    done
}

query -f tests/integration/sql/shop.sql
before=$(state)
kills=0
for verb in train score; do
    started=$EPOCHREALTIME
    query -c BEGIN -c "SELECT customer_ai.$verb('repurchase')" -c ROLLBACK >/dev/null
    whole=$(awk "BEGIN { print $EPOCHREALTIME - $started }")
    for part in 0.2 0.5 0.8; do
        old=$(checkpointer)
        # It sleeps when it is done, so that the kill always hits a session.
        query -c 'SELECT pg_backend_pid()' -c "SELECT customer_ai.$verb('repurchase')" -c 'SELECT pg_sleep(600)' \
            >"$OUTPUT/victim" 2>/dev/null &
        client=$!
        until [ -s "$OUTPUT/victim" ]; do sleep 0.01; done
        sleep "$(awk "BEGIN { print $whole * $part }")"
        kill -KILL "$(head -1 "$OUTPUT/victim")"
        wait "$client" && { echo "the killed session ended well"; exit 1; }
        await_recovery "$old"
        if [ "$(wc -l <"$OUTPUT/victim")" -gt 1 ]; then # it was done before
            before=$(state)
            continue
        fi
        kills=$((kills + 1))
        [ "$(state)" = "$before" ] || { echo "$verb killed after $part of its time left something behind"; exit 1; }
    done
done
rm "$OUTPUT/victim"
[ "$kills" -ge 3 ] || { echo "only $kills of 6 calls were killed"; exit 1; }
[ -z "$(ls "$PGDATA"/base/pgsql_tmp 2>/dev/null)" ] || { echo "temporary files are left"; exit 1; }
query -c "SELECT customer_ai.train('repurchase')" -c "SELECT customer_ai.score('repurchase')" >/dev/null
echo "$kills backends killed, state unchanged each time, then trained and scored"
