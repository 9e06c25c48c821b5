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

query -f tests/integration/sql/shop.sql
before=$(state)
kills=0
for verb in train score; do
    started=$EPOCHREALTIME
    query -c BEGIN -c "SELECT customer_ai.$verb('repurchase')" -c ROLLBACK >/dev/null
    whole=$(awk "BEGIN { print $EPOCHREALTIME - $started }")
    for part in 0.2 0.5 0.8; do
        PGAPPNAME=victim query -c "SELECT customer_ai.$verb('repurchase')" >/dev/null 2>&1 &
        client=$!
        victim=
        until [ -n "$victim" ] || ! kill -0 "$client" 2>/dev/null; do
            victim=$(query -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'")
        done
        sleep "$(awk "BEGIN { print $whole * $part }")"
        [ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null || true
        wait "$client" && { before=$(state); continue; } # it was done before
        kills=$((kills + 1))
        until query -c 'SELECT 1' >/dev/null 2>&1; do sleep 0.05; done
        [ "$(state)" = "$before" ] || { echo "$verb killed after $part of its time left something behind"; exit 1; }
    done
done
[ "$kills" -ge 3 ] || { echo "only $kills of 6 calls were killed"; exit 1; }
[ -z "$(ls "$PGDATA"/base/pgsql_tmp 2>/dev/null)" ] || { echo "temporary files are left"; exit 1; }
query -c "SELECT customer_ai.train('repurchase')" -c "SELECT customer_ai.score('repurchase')" >/dev/null
echo "$kills backends killed, state unchanged each time, then trained and scored"
