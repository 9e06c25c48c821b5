# Inside the cluster of tests/integration/clients.sh: bash inside.sh PORT_OF_SERVER PORT_OF_PGBOUNCER
source tests/integration/lib.sh
export PGPORT=$1 BOUNCER=$2 PYTHONDONTWRITEBYTECODE=1
here=tests/integration/clients
folder=$(mktemp -d)
stop() {
    [ ! -e "$folder/pgbouncer.pid" ] || kill "$(<"$folder/pgbouncer.pid")" || true
    rm -rf "$folder"
}
trap stop EXIT

query -f "$here/setup.sql"
{ echo 'host all all 127.0.0.1/32 scram-sha-256'; cat "$PGDATA/pg_hba.conf"; } >"$folder/hba"
cp "$folder/hba" "$PGDATA/pg_hba.conf"
query -c 'SELECT pg_reload_conf()' >/dev/null

# All clients of "one" share one connection to the server; those of "two" may get either of two.
cat >"$folder/users" <<<'"bi" "analyst'"'"'s"'
cat >"$folder/pgbouncer.ini" <<INI
[databases]
one = host=127.0.0.1 port=$PGPORT dbname=postgres pool_size=1
two = host=127.0.0.1 port=$PGPORT dbname=postgres pool_size=2
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $BOUNCER
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $folder/users
pool_mode = transaction
logfile = $folder/pgbouncer.log
pidfile = $folder/pgbouncer.pid
INI
/usr/sbin/pgbouncer -q -d "$folder/pgbouncer.ini" || { cat "$folder/pgbouncer.log"; fail "PgBouncer did not start"; }

export CLIENT_HOST=127.0.0.1 CLIENT_PORT=$PGPORT CLIENT_PASSWORD="analyst's"
python=$SOURCE/target/clients/bin/python
"$python" "$here/from_psycopg.py"
"$python" "$here/from_sqlalchemy.py"
NODE_PATH=$SOURCE/target/clients_npm/node_modules node "$here/npm/from_pg.js"
"$python" "$here/from_pgbouncer.py"

# dbt: the scores are a source with tests, a model is built on them, and its hook makes a segment.
export DBT_PROFILES_DIR=$here/dbt DBT_TARGET_PATH=$folder/dbt DBT_LOG_PATH=$folder/dbt DBT_SEND_ANONYMOUS_USAGE_STATS=false
said=$("$SOURCE/target/clients/bin/dbt" --no-use-colors --no-version-check build --project-dir "$here/dbt" 2>&1) ||
    fail "dbt build failed" "$said"
grep -q 'Done. PASS=8 WARN=0 ERROR=0 SKIP=0' <<<"$said" || fail "dbt did not do what it should" "$said"
[ "$(query -c "SELECT count(*) FROM dbt_bi.called f FULL JOIN (SELECT customer_id, amount FROM (
        SELECT s.customer_id, sum(o.amount) FILTER (WHERE o.event = 'purchase') AS amount, s.percentile
        FROM marketing.repurchase_scores s JOIN shop.orders o USING (customer_id) GROUP BY 1, s.percentile) t
        WHERE percentile > 80) p USING (customer_id) WHERE f.spent IS DISTINCT FROM p.amount")" = 0 ] || fail "the model of dbt has other rows"
[ "$(query -c "SELECT (SELECT profiles FROM customer_ai.segments WHERE segment = 'marketing.called') =
        (SELECT count(*) FROM marketing.repurchase_scores WHERE percentile > 80)")" = t ] || fail "the hook of dbt made no segment"
echo "psycopg, SQLAlchemy, pandas, PgBouncer, npm pg and dbt see what plain SQL says"
