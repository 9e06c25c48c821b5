#!/usr/bin/env bash
# Who has to wait for a training is told for whom: the process and the role that psql shows for the other session, and how
# to end it; and the wait does end that way.
source tests/integration/lib.sh
query <<'SQL'
SET client_min_messages = error;
CREATE EXTENSION customer_ai;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at
    FROM generate_series(1, 400) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('m', 'visit', 'true', '14 days', 'profile', 'at', options => '{"algorithm": "logistic"}');
SELECT FROM customer_ai.train('m');
CREATE ROLE nightly SUPERUSER LOGIN;
SQL
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# trains, and does not end its transaction
mkfifo "$folder/commands"
PGUSER=nightly psql -X -q -A -t <"$folder/commands" >"$folder/first" 2>&1 &
exec 3>"$folder/commands"
echo "SET client_min_messages = error; BEGIN; SELECT 'pid', pg_backend_pid(); SELECT FROM customer_ai.train('m', activate => 'never');" >&3
for _ in $(seq 100); do
    holds=$(query -c "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'object' AND l.classid = 'customer_ai.model'::regclass AND a.state = 'idle in transaction'")
    [ "$holds" = 1 ] && break
    sleep 0.1
done
[ "$holds" = 1 ]
pid=$(sed -n 's/^pid|//p' "$folder/first")

said() { # what, the statement that waits
    query -c "SET lock_timeout = '300ms'" -c "$2" >"$folder/said" 2>&1 && fail "$1 did not wait"
    for wanted in 'NOTICE:  waiting until model "m" is no longer being trained' \
        "DETAIL:  Process $pid of role \"nightly\" does that." \
        "HINT:  SELECT pg_cancel_backend($pid) ends it; SET lock_timeout = '10s' limits how long to wait." \
        'ERROR:  canceling statement due to lock timeout'; do
        grep -qF "$wanted" "$folder/said" || fail "$1 does not say: $wanted" "$(<"$folder/said")"
    done
}
said train "SELECT FROM customer_ai.train('m')"
said activate "SELECT customer_ai.activate('m', 1)"
said drop_model "SELECT customer_ai.drop_model('m')"

# what does not wait says nothing
query -c "SELECT FROM customer_ai.score('m')" -c "SELECT FROM customer_ai.predict('m', '7')" \
    -c "SELECT customer_ai.create_segment('public.high', 'm', 'score > 50')" >"$folder/said" 2>&1
! grep -q waiting "$folder/said" || fail "$(<"$folder/said")"

# the other session ends, and with it the wait
query -c "SELECT version FROM customer_ai.train('m', activate => 'never')" >"$folder/second" 2>&1 &
waiting=$!
sleep 0.5
[ "$(query -c "SELECT wait_event_type, wait_event, $pid = ANY (pg_blocking_pids(pid)) FROM pg_stat_activity
    WHERE state = 'active' AND query LIKE 'SELECT version%'")" = 'Lock|object|t' ] || fail "what is waited for is not in pg_stat_activity"
query -c "SELECT pg_terminate_backend($pid)" >/dev/null
wait "$waiting"
exec 3>&-
version=$(tail -1 "$folder/second")
[ "$version" = 2 ] || fail "version $version, not 2: the other training was rolled back"
echo "train, activate and drop_model name process and role; score, predict and create_segment do not wait"
