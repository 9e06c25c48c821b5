#!/usr/bin/env bash
# Where the system gives a backend no more memory, training and scoring end with an error that says so, no other session
# notices, and the same session trains and scores when there is memory again.
source tests/integration/lib.sh

query -f tests/integration/sql/shop.sql
coproc WITNESS { psql -X -q -At; }
echo "CREATE TEMP TABLE mine AS SELECT 42 AS answer; SELECT 'ready';" >&"${WITNESS[1]}"
read -r -t 60 _ <&"${WITNESS[0]}"

# What calls end with in a backend that may take so many kilobytes of address space more than before its first call.
outcomes() { # kilobytes, setting, call, what it calls when it may take what it likes
    psql -X -q -At 2>&1 <<SQL
\set VERBOSITY verbose
SET client_min_messages = error;
SET $2;
SELECT count(*) FROM customer_ai.models \g /dev/null
SELECT pg_backend_pid() AS pid,
    1024 * ($1 + substring(pg_read_file('/proc/self/status') FROM 'VmSize:\s+(\d+)')::bigint) AS most \gset
\setenv BACKEND :pid
\setenv MOST :most
\! prlimit --pid "\$BACKEND" --as="\$MOST":
SELECT 'done' FROM $3;
SELECT 'done' FROM $3;
\! prlimit --pid "\$BACKEND" --as=unlimited:
SELECT 'lives' FROM $4;
SQL
}
refused=0
# From nothing to what is nearly enough: some of it is kept in reserve.
for call in "customer_ai.train('repurchase')" "customer_ai.score('repurchase')" "customer_ai.check_model('repurchase')"; do
    for room in 1:500 1:17000 2:18000 1:20000 2:24000 1:32000 2:48000; do
        setting="customer_ai.threads = ${room%:*}" room=${room#*:}
        after='(SELECT) s'
        [ "$room" != 48000 ] || after=$call
        said=$(outcomes "$room" "$setting" "$call" "$after")
        [[ $said = *lives* ]] || fail "$call with $setting and $room kB: $said"
        while read -r error; do
            [[ $error =~ ^ERROR:\ +(53200|53400): ]] || fail "$call with $setting and $room kB: $error"
            refused=$((refused + 1))
        done < <(grep -E '^(ERROR|FATAL|PANIC)' <<<"$said" || true)
    done
done
echo "SELECT answer FROM mine;" >&"${WITNESS[1]}"
read -r -t 60 answer <&"${WITNESS[0]}" || fail "the server was restarted"
[ "$answer" = 42 ] || fail "the session beside says $answer"
[ "$refused" -ge 10 ] || fail "memory was short only $refused times"
echo "memory was short $refused times, each an error of its own session"
