#!/usr/bin/env bash
# Training and scoring stop within half a second of a timeout, wherever it hits, and leave nothing behind.
source tests/integration/lib.sh
# A call that was done before its timeout says nothing.
export PGOPTIONS="-c client_min_messages=error"
state() {
    query -c 'SELECT * FROM customer_ai.versions' -c 'SELECT * FROM customer_ai.runs' \
        -c 'SELECT * FROM shop.repurchase_scores ORDER BY customer_id'
}

query -f tests/integration/sql/shop.sql
before=$(state)
cancelled=0 slowest=0
for verb in train score; do
    call="SELECT customer_ai.$verb('repurchase')"
    started=$EPOCHREALTIME
    query -c BEGIN -c "$call" -c ROLLBACK >/dev/null
    whole=$(milliseconds_since "$started")
    for trial in {1..8}; do
        timeout=$((1 + whole * trial / 9))
        started=$EPOCHREALTIME
        error=$(query -v VERBOSITY=sqlstate -c BEGIN -c "SET statement_timeout = $timeout" -c "$call" \
            -c ROLLBACK 2>&1 >/dev/null) ||
            true
        late=$(($(milliseconds_since "$started") - timeout))
        case $error in
            "") continue ;; # it was done before
            *57014*) cancelled=$((cancelled + 1)) ;;
            *) fail "$verb with a timeout of $timeout ms: $error" ;;
        esac
        [ "$late" -lt 500 ] || fail "$verb stopped $late ms after its timeout of $timeout ms"
        [ "$late" -le "$slowest" ] || slowest=$late
    done
done
[ "$cancelled" -ge 8 ] || fail "only $cancelled of 16 calls were cancelled"
[ "$(state)" = "$before" ] || fail "a cancelled call left something behind"
query -c "SELECT customer_ai.train('repurchase')" -c "SELECT customer_ai.score('repurchase')" >/dev/null
echo "$cancelled calls cancelled, the slowest $slowest ms after its timeout"
