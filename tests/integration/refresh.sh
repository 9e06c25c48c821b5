#!/usr/bin/env bash
# refresh: steps that commit, failures that stay in runs, jobs that skip one another; progress as another session sees it.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
fail() { echo "$*"; exit 1; }

query -c 'CREATE EXTENSION customer_ai' >/dev/null
query >/dev/null <<'SQL'
SET client_min_messages = error;
CREATE SCHEMA shop;
CREATE TABLE shop.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event
    FROM generate_series(1, 8000) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
ANALYZE shop.orders;
SELECT customer_ai.create_model('a_first', 'shop.orders', $$ event = 'nothing' $$, '30 days', 'customer_id', 'at', 'event');
SELECT customer_ai.create_model('b_second', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "retrain_every": "7 days"}');
SQL

# Not where nothing may be committed.
said=$(query -c 'BEGIN' -c "CALL customer_ai.refresh('b_second')" 2>&1) && fail "refreshed in a transaction block"
grep -q 'invalid transaction termination' <<<"$said" || fail "in a transaction block: $said"
[ "$(query -c 'SELECT count(*) FROM customer_ai.runs')" = 0 ] || fail "something was run"

# The first fails, the second is trained and scored, and the error says which.
said=$(query -c 'CALL customer_ai.refresh_all()' 2>&1) && fail "a failure was not said"
grep -q 'failed train of model "a_first"' <<<"$said" || fail "which one failed is not said: $said"
[ "$(query -c "SELECT model, kind, status, error IS NOT NULL FROM customer_ai.runs ORDER BY run")" = \
    $'a_first|train|failed|t\na_first|score|failed|t\nb_second|train|succeeded|f\nb_second|score|succeeded|f' ] ||
    fail "$(query -c 'SELECT * FROM customer_ai.runs')"
[ "$(query -c "SELECT scored_at IS NOT NULL, active_version FROM customer_ai.models WHERE model = 'b_second'")" = 't|1' ] || fail "not scored"

# Trained again only when that is due.
due() { query -c "SELECT customer_ai_internal.training_due('b_second')"; }
[ -z "$(due)" ] || fail "due at once: $(due)"
query -c "CALL customer_ai.refresh('b_second')" 2>/dev/null
[ "$(query -c "SELECT string_agg(kind, ',' ORDER BY run) FROM customer_ai.runs WHERE model = 'b_second'")" = train,score,score ] || fail "trained again"
query -c "UPDATE customer_ai.version SET trained_at = trained_at - interval '8 days'"
[ "$(due)" = 'version 1 is older than 7 days' ] || fail "$(due)"
query -c "CREATE TABLE shop.more AS SELECT * FROM shop.orders WHERE customer_id % 9 = 0" \
    -c "UPDATE customer_ai.version SET trained_at = now()" -c "SELECT customer_ai.add_events('b_second', 'shop.more', 'customer_id', 'at')" >/dev/null 2>&1
[ "$(due)" = 'version 1 is of another definition' ] || fail "$(due)"
query -c "SELECT customer_ai.remove_events('b_second', 'shop.more')" >/dev/null
[ -z "$(due)" ] || fail "the definition is what it was: $(due)"

# Progress, from another session: every phase is seen, rows done grow, nothing is left; nobody else sees it.
query -c 'CREATE ROLE stranger LOGIN' -c "UPDATE customer_ai.version SET trained_at = trained_at - interval '8 days'"
PGAPPNAME=worker query -c "CALL customer_ai.refresh('b_second')" >"$OUTPUT/refresh" 2>&1 &
worker=$!
seen=$OUTPUT/seen strangers=0
: >"$seen"
while kill -0 $worker 2>/dev/null; do
    query -F ' ' -c "SELECT verb, phase, done > 0 AND done <= expected * 1.1, seconds_left >= 0, started_at <= clock_timestamp(),
        pid = (SELECT pid FROM pg_stat_activity WHERE application_name = 'worker' AND backend_type = 'client backend') FROM customer_ai.progress" >>"$seen"
    strangers=$((strangers + $(query -U stranger -c 'SELECT count(*) FROM customer_ai.progress')))
    sleep 0.02
done
wait $worker || fail "$(cat "$OUTPUT/refresh")"
grep -q '^train ' "$seen" && grep -q '^score ' "$seen" || fail "seen: $(sort "$seen" | uniq -c)"
[ "$(cut -d' ' -f1-3 "$seen" | sort -u | wc -l)" -ge 3 ] || fail "phases seen: $(sort "$seen" | uniq -c)"
grep -q 't t$' "$seen" && ! grep -q 'f$' "$seen" || fail "seen: $(sort "$seen" | uniq -c)"
[ $strangers = 0 ] || fail "a stranger sees progress"
[ "$(query -c 'SELECT count(*) FROM customer_ai.progress')" = 0 ] || fail "progress is left"
[ "$(query -c "SELECT count(*) FROM pg_locks WHERE locktype = 'userlock'")" = 0 ] || fail "locks are left"

# The same to the client, on request.
said=$(query -c 'SET customer_ai.show_progress = on' -c "SELECT customer_ai.score('b_second')" 2>&1)
grep -q 'INFO:  model "b_second": reading events, about' <<<"$said" || fail "phases are not printed: $said"

# What another session is at is skipped, and does not wait.
mkfifo "$OUTPUT/hold"
query <"$OUTPUT/hold" >/dev/null 2>&1 &
exec 9>"$OUTPUT/hold"
echo "BEGIN; SELECT customer_ai.score('b_second');" >&9
for _ in $(seq 1 100); do [ "$(query -c "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")" = 1 ] && break; sleep 0.1; done
said=$(query -c "SET lock_timeout = '1ms'" -c "CALL customer_ai.refresh('b_second')" 2>&1) || fail "waited or failed: $said"
grep -q 'another session is at it, so this one does not score' <<<"$said" || fail "not skipped: $said"
echo "ROLLBACK;" >&9
exec 9>&-
wait

# A model that is disabled is skipped, and that is no failure: not for a job of its own, nor for refresh_all.
runs=$(query -c 'SELECT count(*) FROM customer_ai.runs')
query -c "SELECT customer_ai.disable_model('b_second'), customer_ai.disable_model('a_first')" >/dev/null
said=$(query -c "CALL customer_ai.refresh('b_second')" -c 'CALL customer_ai.refresh_all()' 2>&1) || fail "disabled: $said"
grep -q 'model "b_second" is disabled, so this does not score' <<<"$said" || fail "disabled: $said"
[ "$(query -c 'SELECT count(*) FROM customer_ai.runs')" = "$runs" ] || fail "a disabled model was run, or failed"
query -c "SELECT customer_ai.enable_model('b_second')" -c "CALL customer_ai.refresh('b_second')" >/dev/null 2>&1 || fail "enabled again"
[ "$(query -c 'SELECT count(*) FROM customer_ai.runs')" = $((runs + 1)) ] || fail "enabled again, and not scored"

# A cancelled step leaves its row, and ends the whole.
runs=$(query -c "SELECT count(*) FROM customer_ai.runs WHERE status = 'succeeded'")
said=$(query -c "UPDATE customer_ai.version SET trained_at = trained_at - interval '8 days'" -c "SET statement_timeout = '150ms'" \
    -c "CALL customer_ai.refresh('b_second')" 2>&1) && fail "not cancelled"
grep -q 'cancelled train of model "b_second"' <<<"$said" || fail "$said"
[ "$(query -c "SELECT kind, status, error FROM customer_ai.runs ORDER BY run DESC LIMIT 1")" = 'train|cancelled|canceling statement due to statement timeout' ] ||
    fail "$(query -c "SELECT * FROM customer_ai.runs ORDER BY run DESC LIMIT 1")"
[ "$(query -c "SELECT count(*) FROM customer_ai.runs WHERE status = 'succeeded'")" = "$runs" ] || fail "went on after the cancel"

# Whoever listens is told.
said=$(psql -X -At -c 'LISTEN customer_ai' -c "SELECT customer_ai.score('b_second')" -c 'SELECT 1' 2>&1)
grep -q 'Asynchronous notification "customer_ai" with payload "{"kind":"score","model":"b_second"' <<<"$said" || fail "not notified: $said"
said=$(psql -X -At -c 'SET customer_ai.notify = off' -c 'LISTEN customer_ai' -c "SELECT customer_ai.score('b_second')" -c 'SELECT 1' 2>&1)
! grep -q Asynchronous <<<"$said" || fail "notified though that is off"
echo "steps commit, failures and cancels stay in runs, jobs skip one another; $(sort -u "$seen" | wc -l) states seen by another session"
