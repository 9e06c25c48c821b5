#!/usr/bin/env bash
# The private cluster hands on the exit status, leaves nothing behind on any way out, and judges the server.
set -euo pipefail
tools=$PWD/tools

folder_of() { sed -n 's/^folder //p' "$1"; }
gone() { if [ -z "$1" ] || [ -e "$1" ]; then echo "\"$1\" is still there"; exit 1; fi; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT

status=0
"$tools/cluster" sh -c 'echo "folder $PGHOST"; psql -X -c "SELECT 1 / 0"; exit 7' >"$out" 2>&1 || status=$?
[ "$status" = 7 ] || { echo "status $status, expected that of the command: 7"; cat "$out"; exit 1; }
gone "$(folder_of "$out")"

: >"$out" # what is waited for must not be of the run before
"$tools/cluster" sh -c 'echo "folder $PGHOST"; exec sleep 600' >"$out" 2>&1 &
cluster=$!
until [ -n "$(folder_of "$out")" ]; do sleep 0.1; done
kill -TERM "$cluster"
status=0
wait "$cluster" || status=$?
[ "$status" = 143 ] || { echo "status $status after TERM, expected 143"; exit 1; }
gone "$(folder_of "$out")"

crash='kill -SEGV $(psql -X -At -c "SELECT pid FROM pg_stat_activity WHERE backend_type = '\''checkpointer'\''"); sleep 1
    until psql -X -c "SELECT 1"; do sleep 0.1; done'
status=0
"$tools/cluster" sh -c "$crash" >"$out" 2>&1 || status=$?
[ "$status" = 1 ] || { echo "status $status after a crash of the server, expected 1"; cat "$out"; exit 1; }
grep -q 'was terminated by signal 11' "$out" || { echo "the crash is not named"; cat "$out"; exit 1; }
"$tools/cluster" --crash-expected sh -c "$crash" >"$out" 2>&1 || { echo "an expected crash failed"; cat "$out"; exit 1; }

listening=$(psql -X -At -c 'SHOW listen_addresses')
[ "$listening" = "" ] || { echo "the cluster listens on \"$listening\""; exit 1; }
echo "status handed on, folder removed after failure and signal, crash noticed, no TCP"
