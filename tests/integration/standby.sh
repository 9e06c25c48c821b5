#!/usr/bin/env bash
# On a streaming standby everything that reads works, to the last bit as on the primary, also in parallel workers;
# everything that writes says so at once. No reader assigns a transaction id.
source tests/integration/lib.sh

PGOPTIONS='-c client_min_messages=error' query >/dev/null <<'SQL'
CREATE EXTENSION customer_ai;
CREATE ROLE standby_ana LOGIN;
CREATE SCHEMA shop AUTHORIZATION standby_ana;
SET ROLE standby_ana;
CREATE TABLE shop.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event, (p * d) % 97 AS amount
    FROM generate_series(1, 300) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
CREATE TABLE shop.customers AS SELECT DISTINCT customer_id, customer_id % 3 AS grade FROM shop.orders;
SELECT customer_ai.create_model('m', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_profiles('m', 'shop.customers', 'customer_id');
SELECT customer_ai.train('m'), customer_ai.score('m');
SELECT customer_ai.create_segment('shop.likely', 'm', 'grade > 0');
SQL

folder=$(mktemp -d "$PGHOST/standby.XXXX") # beside the socket of the primary: a path of at most 107 bytes
stop() { pg_ctl stop -D "$folder/data" -m immediate >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap stop EXIT
pg_basebackup -D "$folder/data" -R -c fast --no-sync
# As the primary was started; the settings that a standby needs at least are those of the primary.
options="-c listen_addresses= -c unix_socket_directories=$folder -c fsync=off -c timezone=UTC
    -c max_prepared_transactions=$(query -c 'SHOW max_prepared_transactions')"
pg_ctl start -w -s -D "$folder/data" -l "$folder/log" -o "$(tr '\n' ' ' <<<"$options")" >/dev/null ||
    { cat "$folder/log"; fail "the standby did not start"; }
catch_up() {
    local end
    end=$(query -c 'SELECT pg_current_wal_flush_lsn()')
    until [ "$(query -h "$folder" -c "SELECT pg_last_wal_replay_lsn() >= '$end'")" = t ]; do sleep 0.05; done
}
catch_up
[ "$(query -h "$folder" -c 'SELECT pg_is_in_recovery()')" = t ] || fail "this is no standby"

readers="SELECT p.* FROM generate_series(1, 300, 7) id, LATERAL customer_ai.predict('m', id::text) p;
    SELECT * FROM customer_ai.predict('m', '8', '2025-06-01', overrides => '{\"grade\": 2}');
    SELECT * FROM customer_ai.explain('m', '8');
    SELECT * FROM customer_ai.features('m') ORDER BY 1, 2;
    SELECT * FROM customer_ai.describe_features('m');
    SELECT * FROM customer_ai.check_model('m');
    SELECT * FROM customer_ai.backtest('m', ARRAY[timestamptz '2025-06-01']);
    SELECT * FROM customer_ai.backtest_profiles('m', '2025-06-01') ORDER BY 1, 2;
    SELECT * FROM customer_ai.evaluate('m'); SELECT * FROM customer_ai.gains('m'); SELECT * FROM customer_ai.roc('m');
    SELECT * FROM customer_ai.calibration('m'); SELECT * FROM customer_ai.thresholds('m');
    SELECT * FROM customer_ai.best_threshold('m', 1, 5);
    SELECT customer_ai.plot('m', 'tenths'), customer_ai.plot('m', 'drilldown'), md5(customer_ai.report('m'));
    SELECT md5(customer_ai.export_model('m')::text), md5(customer_ai.model_sql('m'));
    SELECT * FROM customer_ai.help(); SELECT * FROM customer_ai.segment_overlap('shop.likely', 'shop.likely');
    SELECT * FROM customer_ai.summary('m'); SELECT * FROM customer_ai.distribution('m'); SELECT * FROM customer_ai.trend('m');
    SELECT * FROM customer_ai.bucket_factors('m', 'low'); SELECT * FROM customer_ai.importance('m'); SELECT * FROM customer_ai.leaks('m');
    SELECT d.* FROM customer_ai.importance('m') i, LATERAL customer_ai.drilldown('m', i.factor) d WHERE i.rank = 1;
    SELECT * FROM customer_ai.drift('m'); SELECT * FROM customer_ai.performance('m');
    SELECT m.profiles FROM customer_ai.runs r, LATERAL customer_ai.migration('m', r.run, r.run) m WHERE r.kind = 'score' ORDER BY 1;
    SELECT * FROM customer_ai.profile_scores(8);
    SELECT * FROM customer_ai.models; SELECT * FROM customer_ai.versions; SELECT * FROM customer_ai.runs;
    SELECT * FROM customer_ai.segments;
    SELECT * FROM shop.m_scores ORDER BY 1; SELECT * FROM shop.likely ORDER BY 1;"
before=$(query -U standby_ana -c "$readers")
[ "$(query -U standby_ana -h "$folder" -c "$readers")" = "$before" ] || fail "the standby answers something else"
parallel=$([ "$PG" -ge 16 ] && echo debug_parallel_query || echo force_parallel_mode)
[ "$(PGOPTIONS="-c $parallel=on" query -U standby_ana -h "$folder" -c "$readers")" = "$before" ] ||
    fail "parallel workers of the standby answer something else"
# Every function that reads is among them.
missing=$(query -c "SELECT string_agg(DISTINCT proname, ' ') FROM pg_proc p,
    regexp_replace(\$q\$$readers\$q\$, '\s+', ' ', 'g') r
    WHERE pronamespace = 'customer_ai'::regnamespace AND prokind = 'f' AND provolatile = 's'
        AND r !~ ('customer_ai\.' || proname || '\(')")
[ -z "$missing" ] || fail "not tried on a standby: $missing"

# Nobody who is not the owner sees anything, there either.
query -c 'CREATE ROLE standby_eve LOGIN'
catch_up
[ "$(query -U standby_eve -h "$folder" -c 'SELECT count(*) FROM customer_ai.models')" = 0 ] || fail "eve sees a model"
state=$(query -U standby_eve -h "$folder" -v ON_ERROR_STOP=0 -c '\set VERBOSITY sqlstate' \
    -c "SELECT * FROM customer_ai.predict('m', '8')" 2>&1) || true
[ "$state" = "ERROR:  42704" ] || fail "eve: $state"

# What writes refuses before it looks at its arguments.
writers=$(query -c "SELECT format('SELECT customer_ai.%I(%s);', proname,
        (SELECT string_agg('NULL::' || format_type(t, NULL), ', ' ORDER BY n)
        FROM unnest(proargtypes) WITH ORDINALITY a (t, n)))
    FROM pg_proc WHERE pronamespace = 'customer_ai'::regnamespace AND prokind = 'f' AND provolatile = 'v' ORDER BY 1")
[ "$(wc -l <<<"$writers")" -gt 8 ] || fail "found no writers: $writers"
answers=$(query -h "$folder" -v ON_ERROR_STOP=0 -v VERBOSITY=sqlstate -f - <<<"$writers" 2>&1 |
    sed 's/.*ERROR:/ERROR:/' | sort -u)
[ "$answers" = "ERROR:  25006" ] || fail "writers: $answers"

# On the primary no reader assigns a transaction id.
assigned=$(query -U standby_ana -c "BEGIN" -c "$readers" -c "SELECT 'assigned: ' || pg_current_xact_id_if_assigned()" \
    -c "COMMIT" | grep assigned || true)
[ -z "$assigned" ] || fail "$assigned"

# What is renamed is followed, by a session that cannot write it down.
query -c 'ALTER TABLE shop.orders RENAME TO sales' -c 'ALTER ROLE standby_ana RENAME TO standby_anna'
catch_up
found=$(query -U standby_anna -h "$folder" -c "SELECT count(*) FROM customer_ai.predict('m', '8')" 2>&1)
[ "$found" = 'NOTICE:  relation "shop.orders" is now "shop.sales"
DETAIL:  It was renamed or moved; the model goes on with it.
1' ] || fail "renamed: $found"

! grep -E 'XX000|PANIC|terminated by signal' "$folder/log" || fail "the log of the standby has an internal error"
echo "readers equal on the standby and in its workers, $(wc -l <<<"$writers") writers refuse, no transaction id"
