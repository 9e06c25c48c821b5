#!/usr/bin/env bash
# Killing the backend, or stopping the server at once, at any moment of training or scoring leaves the old versions and
# scores, and no stray files.
source tests/integration/lib.sh
if [ "${1:-}" != inside ]; then
    exec tools/cluster --crash-expected bash "$0" inside
fi
state() {
    query -c 'SELECT * FROM customer_ai.versions' -c 'SELECT * FROM customer_ai.runs' \
        -c 'SELECT * FROM shop.repurchase_scores ORDER BY customer_id'
}

# Whether each version has its run, and the newest scoring all its profiles and no others.
whole() {
    query -c "SELECT (SELECT count(*) FROM customer_ai.versions) = (SELECT count(*) FROM customer_ai.runs WHERE kind = 'train')
        AND (SELECT count(*) = max(r.profiles) AND bool_and(s.run = r.run) FROM shop.repurchase_scores s,
            (SELECT run, profiles FROM customer_ai.runs WHERE kind = 'score' ORDER BY run DESC LIMIT 1) r)"
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

# Ends the backend, and returns when the server is there again.
end() { # kill or stop, the backend
    if [ "$1" = stop ]; then
        pg_ctl restart -D "$PGDATA" -m immediate -w -s -l "$OUTPUT/server.log"
        return
    fi
    local old
    old=$(checkpointer)
    kill -KILL "$2"
    await_recovery "$old"
}

query -f tests/integration/sql/shop.sql
before=$(state)
declare -A ended=([kill]=0 [stop]=0)
for verb in train score; do
    started=$EPOCHREALTIME
    query -c BEGIN -c "SELECT customer_ai.$verb('repurchase')" -c ROLLBACK >/dev/null
    time=$(awk "BEGIN { print $EPOCHREALTIME - $started }")
    for moment in kill:0.2 stop:0.4 kill:0.5 stop:0.7 kill:0.8; do
        way=${moment%:*} part=${moment#*:}
        # It sleeps when it is done, so that the kill always hits a session.
        query -c 'SELECT pg_backend_pid()' -c "SELECT customer_ai.$verb('repurchase')" -c 'SELECT pg_sleep(600)' \
            >"$OUTPUT/victim" 2>/dev/null &
        client=$!
        until [ -s "$OUTPUT/victim" ]; do sleep 0.01; done
        sleep "$(awk "BEGIN { print $time * $part }")"
        end "$way" "$(head -1 "$OUTPUT/victim")"
        wait "$client" && fail "the session ended well in spite of a $way"
        if [ "$(wc -l <"$OUTPUT/victim")" -gt 1 ]; then # it was done before
            before=$(state)
            continue
        fi
        ended[$way]=$((ended[$way] + 1))
        if [ "$(state)" != "$before" ]; then
            # It may have committed and not yet have answered: then all of it is there.
            [ "$(whole)" = t ] || fail "$verb and a $way after $part of its time left something behind"
            before=$(state)
        fi
    done
done
rm "$OUTPUT/victim"
if [ "${ended[kill]}" -lt 3 ] || [ "${ended[stop]}" -lt 2 ]; then
    echo "only ${ended[kill]} of 6 calls were killed and ${ended[stop]} of 4 stopped"
    exit 1
fi
[ -z "$(ls "$PGDATA"/base/pgsql_tmp 2>/dev/null)" ] || fail "temporary files are left"
query -c "SELECT customer_ai.train('repurchase')" -c "SELECT customer_ai.score('repurchase')" >/dev/null
echo "${ended[kill]} backends killed and ${ended[stop]} immediate stops, state unchanged each time, then trained and scored"
