#!/usr/bin/env bash
# Events that parallel workers read give the same model and the same scores, byte for byte, as those that one process
# reads: whatever the key, with more texts than a dictionary holds, sampled or not, and however many parts they are
# split into. Errors of workers are errors of the
# call, and nothing is left behind by them, by cancels and by success.
source tests/integration/lib.sh
files() { find "$PGDATA"/base/pgsql_tmp -mindepth 1 2>/dev/null || true; }
readonly PARALLEL="SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0"
readonly ALONE="SET max_parallel_workers_per_gather = 0"

query -c 'CREATE EXTENSION customer_ai' -f - <<'SQL'
SET client_min_messages = error;
SET timezone = 'UTC';
-- NULLs, infinite times, NaN and long texts are left out and counted by every process; urls are more than a dictionary
-- holds (131,072), and most are of two events, which two processes may read: one that had room for it, one that had not.
CREATE TABLE visit AS SELECT CASE WHEN (p + n) % 997 > 0 THEN p END AS profile,
    CASE (p * 7 + n) % 991 WHEN 0 THEN 'infinity' WHEN 1 THEN NULL
        ELSE timestamptz '2025-01-01' + (p * 7 + n * 97) % 2880 * interval '1 hour' END AS at,
    CASE WHEN (p * 31 + n * 17) % 11 < 3 THEN 'buy' WHEN p % 5 = 0 THEN 'look' || n % 40 ELSE 'look' END AS kind,
    CASE WHEN (p * n) % 983 = 0 THEN repeat('x', 9000 + n) ELSE 'page ' || (p * n) % 300 END AS page,
    'https://example.com/' || p || '/' || n % 8 AS url,
    CASE WHEN (p + n) % 977 = 0 THEN 'NaN' ELSE n::float8 END AS amount
FROM generate_series(1, 40000) p, generate_series(1, 15) n ORDER BY hashint8(p * 100 + n);
CREATE TABLE visit_text AS SELECT 'customer ' || profile AS profile, at, kind, page, url, amount FROM visit;
CREATE TABLE visit_uuid AS SELECT md5(profile::text)::uuid AS profile, at, kind, page, url, amount FROM visit;
-- More types than a dictionary holds.
CREATE TABLE visit_types AS SELECT profile, at, CASE WHEN kind = 'look' THEN url ELSE kind END AS kind, page, amount
    FROM visit;
ANALYZE;
SELECT customer_ai.create_model(name, name, $$ kind = 'buy' $$, '10 days', 'profile', 'at', 'kind',
    eligible_window => NULL,
    options => '{"algorithm": "logistic", "max_training_rows": 2000}' || more::jsonb)
FROM (VALUES ('visit', '{}'), ('visit_text', '{}'), ('visit_uuid',
    '{"columns": ["page", "amount"], "max_training_rows": 6000}'), ('visit_types', '{}')) m(name, more) \g /dev/null
CREATE TABLE found (variant text, model text, version text, scores text, skipped text, processes int, partitions int);
SQL
run() { # variant, model, settings
    query -c 'SET client_min_messages = error' -c "$3" -c "SELECT customer_ai.train('$2', activate => 'always')" \
        -c "SELECT customer_ai.score('$2')" -c "INSERT INTO found SELECT '$1', '$2',
            (SELECT md5(document) FROM customer_ai.version ORDER BY id DESC LIMIT 1),
            (SELECT md5(string_agg(concat_ws(',', profile, encode(float8send(probability), 'hex'), factors), ';'
            ORDER BY profile)) FROM $2_scores),
            string_agg(concat_ws(' ', skipped, detail - ARRAY['seconds', 'cpu', 'processes', 'partitions', 'migration']), ';'
            ORDER BY id),
            min((detail ->> 'processes')::int), min((detail ->> 'partitions')::int)
            FROM (SELECT * FROM customer_ai.run ORDER BY id DESC LIMIT 2) r" >/dev/null
}
for model in visit visit_text visit_uuid visit_types; do
    run alone "$model" "$ALONE"
    run parallel "$model" "$PARALLEL"
done
run workers_only visit "$PARALLEL; SET parallel_leader_participation = off; SET max_parallel_workers_per_gather = 3"
run partitions visit_uuid "BEGIN; ALTER TABLE visit_uuid RENAME TO whole; CREATE VIEW visit_uuid AS
    SELECT * FROM whole WHERE page < 'page 2' UNION ALL SELECT * FROM whole WHERE page >= 'page 2'; COMMIT; $PARALLEL"
# A planner that expects far more events has them split into far more parts.
query -c "UPDATE pg_class SET reltuples = 1e9 WHERE relname IN ('visit_text', 'visit_types')"
run alone_split visit_text "$ALONE"
run split visit_types "$PARALLEL"
[ "$(query -c "SELECT DISTINCT partitions, variant ~ 'split' FROM found ORDER BY 1")" = $'256|f\n2048|t' ] ||
    fail "not split as expected: $(query -c 'SELECT variant, partitions FROM found')"
[ "$(query -c "SELECT count(*) FILTER (WHERE processes > 1), count(*) FROM found
    WHERE variant !~ 'alone'")" = '7|7' ] ||
    fail "not read in parallel: $(query -c 'SELECT variant, model, processes FROM found')"
[ "$(query -c "SELECT max(processes) FROM found WHERE variant ~ 'alone'")" = 1 ] || fail 'one process is more than one'
[ "$(query -c 'SELECT count(*) FROM (SELECT DISTINCT model, version, scores, skipped FROM found) d')" = 4 ] ||
    fail "not the same: $(query -c 'SELECT variant, model, version, scores, skipped FROM found ORDER BY 2, 1')"
[ "$(query -c "SELECT count(*) FROM found
    WHERE skipped ~ '\"profiles_read\": 0' OR model IN ('visit_uuid', 'visit_types')")" -ge 5 ] ||
    fail "nothing was sampled: $(query -c 'SELECT skipped FROM found')"
[ -z "$(files)" ] || fail "success leaves $(files)"

refused() { # SQLSTATE, settings, call
    error=$(query -v VERBOSITY=sqlstate -c 'SET client_min_messages = error' \
        -c "$PARALLEL; SET parallel_leader_participation = off; $2" -c "SELECT count(*) FROM $3" 2>&1 >/dev/null) ||
            true
    [[ $error = *$1* ]] || fail "$3 with $2: ${error:-no error}, expected $1"
    [ -z "$(files)" ] || fail "$2 in $3 leaves $(files)"
}
query -c "CREATE FUNCTION inverse(n float8) RETURNS float8 IMMUTABLE PARALLEL SAFE LANGUAGE sql RETURN 1 / (n - 15)" \
    -c "SELECT customer_ai.create_model('failing', 'visit', \$\$ kind = 'buy' AND public.inverse(amount) < 9 \$\$,
        '10 days', 'profile', 'at', 'kind')" >/dev/null
refused 22012 'SELECT 1' "customer_ai.train('failing')"
for call in "customer_ai.train('visit')" "customer_ai.score('visit')"; do
    refused 53400 "SET temp_file_limit = '100kB'" "$call"
    started=$EPOCHREALTIME
    query -c 'SET client_min_messages = error' -c "$PARALLEL" -c BEGIN -c "SELECT count(*) FROM $call" \
        -c ROLLBACK >/dev/null
    whole=$(awk "BEGIN { printf \"%d\", 1000 * ($EPOCHREALTIME - $started) }")
    # In one session: what an error leaves to its end would be seen. The first call is not cancelled.
    left=$({
        echo "SET client_min_messages = error; $PARALLEL;"
        for timeout in 0 $((1 + whole / 12)) $((whole / 6)) $((whole / 4)) $((whole / 3)) $((whole / 2)); do
            echo "SET statement_timeout = $timeout; SELECT count(*) FROM $call \g /dev/null"
            echo "RESET statement_timeout; SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false);"
            echo "SELECT count(*) FROM regexp_matches(pg_read_file('/proc/self/maps'), '/dev/shm/PostgreSQL', 'g');"
        done
    } | psql -X -q -At 2>/dev/null | sort | uniq -c | awk '{ print $2 " times " $1 }')
    # Six times no file, and always as many segments of shared memory as before.
    [[ $left =~ ^"0 times "(12|6$'\n'[0-9]+" times 6")$ ]] || fail "$call leaves files or memory: $left"
done

# An error that a caller catches: its files are gone although the transaction goes on, and the next call reads again.
caught=$(query -c 'SET client_min_messages = error' -c "$PARALLEL" -c "DO \$\$ BEGIN
        PERFORM customer_ai.train('failing');
    EXCEPTION WHEN division_by_zero THEN
        IF (SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)) > 0 THEN
            RAISE 'files are left';
        END IF;
        PERFORM customer_ai.score('visit');
    END \$\$" -c "SELECT detail ->> 'processes' FROM customer_ai.runs ORDER BY run DESC LIMIT 1")
[ "$caught" -gt 1 ] || fail "after a caught error: $caught processes"

# Another session sees what the workers read: the leader reads nothing here.
query -c 'SET client_min_messages = error' -c "$PARALLEL; SET parallel_leader_participation = off" -c "SELECT FROM customer_ai.score('visit')" &
scoring=$! seen=$OUTPUT/seen_of_workers
: >"$seen"
while kill -0 $scoring 2>/dev/null; do
    query -F ' ' -c "SELECT done, done BETWEEN 1 AND expected * 1.1 FROM customer_ai.progress WHERE phase = 'reading events' AND done > 0" >>"$seen"
    sleep 0.02
done
wait $scoring
[ "$(sort -u "$seen" | wc -l)" -ge 2 ] && ! grep -q 'f$' "$seen" || fail "progress of workers: $(uniq "$seen")"

# Nobody else can give the workers a job.
error=$(query -v VERBOSITY=sqlstate -c "SELECT customer_ai_internal.rows('1', 1)" 2>&1) && fail 'a job was accepted'
[[ $error = *0A000* ]] || fail "$error"
error=$(query -v VERBOSITY=sqlstate -c 'SELECT customer_ai_internal.rows(NULL, 1)' 2>&1) && fail 'no job was accepted'
[[ $error = *0A000* ]] || fail "$error"
echo "four models the same from $(query -c 'SELECT min(processes), max(processes) FROM found
    WHERE processes > 1' | tr '|' '-') processes as from one; errors and cancels leave nothing"
