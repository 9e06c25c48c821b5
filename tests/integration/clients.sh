#!/usr/bin/env bash
# What people read scores with: psycopg, SQLAlchemy, pandas, dbt, npm pg and PgBouncer in transaction mode, over TCP as a role
# with a password that owns nothing. Every value that they get is held against plain SQL.
source tests/integration/lib.sh

for program in "$SOURCE/target/clients/bin/python" "$SOURCE/target/clients/bin/dbt" /usr/sbin/pgbouncer; do
    [ -x "$program" ] || skip "$program is missing: tools/clients installs it"
done
[ -d "$SOURCE/target/clients_npm/node_modules/pg" ] || skip "npm pg is missing: tools/clients installs it"

# Two ports that are free now, for the server and for PgBouncer.
read -r server bouncer < <("$SOURCE/target/clients/bin/python" -c 'import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*[socket.getsockname()[1] for socket in sockets])')
exec tools/cluster -c listen_addresses=127.0.0.1 -c "port=$server" bash tests/integration/clients/inside.sh "$server" "$bouncer"
