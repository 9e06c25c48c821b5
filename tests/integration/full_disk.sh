#!/usr/bin/env bash
# A full disk beneath the temporary files or the scores ends a run with 53100 and what to do. Old scores stay, and the
# next run succeeds when there is room. Needs the small disk that tools/cluster mounts where root starts it.
source tests/integration/lib.sh
[ -n "${SMALL_DISK:-}" ] || skip "there is no small disk: only root may mount one"

# Fills the disk but for so many kilobytes.
fill() { # kilobytes
    local free
    free=$(df --output=avail -k "$SMALL_DISK" | tail -1)
    head -c $(((free - $1) * 1024)) /dev/zero >"$SMALL_DISK/ballast"
}
state() {
    query -c 'SELECT * FROM customer_ai.versions' -c 'SELECT * FROM customer_ai.runs' \
        -c "SELECT * FROM visits_scores ORDER BY profile"
}

mkdir "$SMALL_DISK/space"
query -c "CREATE TABLESPACE small LOCATION '$SMALL_DISK/space'"
query -c 'CREATE EXTENSION customer_ai' -c "CREATE TABLE visit AS SELECT p AS profile,
        timestamptz '2025-01-01' + (p * 7 + n * 97) % 2880 * interval '1 hour' AS at,
        CASE WHEN (p * 31 + n * 17) % 11 < 3 THEN 'buy' ELSE 'look ' || n % 5 END AS kind, n::float8 AS amount
    FROM generate_series(1, 10000) p, generate_series(1, 20) n"
query -c "SELECT customer_ai.create_model('visits', 'visit', \$\$ kind = 'buy' \$\$, '10 days', 'profile', 'at', 'kind',
    options => '{\"algorithm\": \"logistic\", \"max_training_rows\": 5000}')" -c 'SET client_min_messages = error' \
    -c "SELECT customer_ai.train('visits')" -c 'SET default_tablespace = small' \
    -c "SELECT customer_ai.score('visits')" >/dev/null
size=$(query -c "SELECT sum(pg_total_relation_size(relid)) / 1024 FROM pg_partition_tree('visits_score_history')")
[ "${size%.*}" -gt 1000 ] || fail "the scores are no more than $size kB"
before=$(state)
refused=0
refuse() { # kilobytes that are free, setting, call
    local error
    fill "$1"
    error=$(query -v VERBOSITY=verbose -c 'SET client_min_messages = error' -c "SET $2" \
        -c "SELECT * FROM customer_ai.$3" 2>&1 >/dev/null) || true
    [[ $error =~ ERROR:\ +53100:.*HINT: ]] || fail "$3 with $2 and $1 kB free: ${error:-no error}"
    # What PostgreSQL itself cannot write has no DETAIL.
    [[ $error = *DETAIL:* || $error = *"could not "* ]] || fail "$3 with $2 says no more than $error"
    [ "$(state)" = "$before" ] || fail "$3 with $2 and $1 kB free left something behind"
    rm "$SMALL_DISK/ballast"
    refused=$((refused + 1))
}
for free in 0 1000; do
    for call in "train('visits')" "score('visits')" "check_model('visits')" "features('visits')"; do
        refuse "$free" 'temp_tablespaces = small' "$call"
    done
    refuse "$free" 'default_tablespace = small' "score('visits')"
done
[ -z "$(find "$SMALL_DISK/space" -path '*pgsql_tmp/*')" ] || fail 'temporary files are left'
left=$(du -sk "$SMALL_DISK/space" | cut -f 1)
[ "$left" -lt $((${size%.*} + 1000)) ] || fail "$left kB are left of scores that take $size kB"

query -c 'SET client_min_messages = error' -c 'SET temp_tablespaces = small' -c 'SET default_tablespace = small' \
    -c "SELECT customer_ai.train('visits')" -c "SELECT customer_ai.score('visits')" >/dev/null
query -c "SELECT customer_ai.drop_model('visits')" -c 'DROP TABLE visit' >/dev/null
query -c 'DROP TABLESPACE small'
echo "$refused runs on a full disk, state unchanged each time, then trained and scored"
