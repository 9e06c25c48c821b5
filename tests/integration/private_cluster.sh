#!/usr/bin/env bash
# The private cluster hands on the exit status, leaves nothing behind on any way out, and judges the server.
source tests/integration/lib.sh
tools=$PWD/tools

folder_of() { sed -n 's/^folder //p' "$1"; }
gone() { [ -n "$1" ] && [ ! -e "$1" ] || fail "\"$1\" is still there"; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT

status=0
"$tools/cluster" sh -c 'echo "folder $PGHOST"; psql -X -c "SELECT 1 / 0"; exit 7' >"$out" 2>&1 || status=$?
[ "$status" = 7 ] || fail "status $status, expected that of the command: 7" "$(<"$out")"
gone "$(folder_of "$out")"

: >"$out" # what is waited for must not be of the run before
"$tools/cluster" sh -c 'echo "folder $PGHOST"; exec sleep 600' >"$out" 2>&1 &
cluster=$!
until [ -n "$(folder_of "$out")" ]; do sleep 0.1; done
kill -TERM "$cluster"
status=0
wait "$cluster" || status=$?
[ "$status" = 143 ] || fail "status $status after TERM, expected 143"
gone "$(folder_of "$out")"

crash='kill -SEGV $(psql -X -At -c "SELECT pid FROM pg_stat_activity WHERE backend_type = '\''checkpointer'\''"); sleep 1
    until psql -X -c "SELECT 1"; do sleep 0.1; done'
status=0
"$tools/cluster" sh -c "$crash" >"$out" 2>&1 || status=$?
[ "$status" = 1 ] || fail "status $status after a crash of the server, expected 1" "$(<"$out")"
grep -q 'was terminated by signal 11' "$out" || fail "the crash is not named" "$(<"$out")"
"$tools/cluster" --crash-expected sh -c "$crash" >"$out" 2>&1 || fail "an expected crash failed" "$(<"$out")"

listening=$(psql -X -At -c 'SHOW listen_addresses')
[ "$listening" = "" ] || fail "the cluster listens on \"$listening\""
echo "status handed on, folder removed after failure and signal, crash noticed, no TCP"
