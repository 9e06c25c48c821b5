#!/usr/bin/env bash
# Columns that a model does not use are never detoasted: not one block of their TOAST table is read by training,
# scoring and the matrix. Of a model that uses them, blocks are read: so the counters count.
source tests/integration/lib.sh

query -c 'CREATE EXTENSION customer_ai'
for table in used unused; do
    query <<SQL
CREATE TABLE $table (profile int, at timestamptz, kind text, amount float8, note text, properties jsonb)
    WITH (autovacuum_enabled = off, toast.autovacuum_enabled = off);
ALTER TABLE $table ALTER note SET STORAGE EXTERNAL, ALTER properties SET STORAGE EXTERNAL;
INSERT INTO $table SELECT p, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 5) + p * interval '1 minute',
    CASE WHEN (p * 31 + n * 17) % 11 < p % 5 THEN 'buy' ELSE 'look' END, n,
    repeat('note ' || n % 3, 500), jsonb_build_object('text', repeat('x', 3000), 'size', n)
FROM generate_series(1, 300) p, generate_series(1, 20) n;
ANALYZE $table;
SQL
done
blocks() { # table
    query -c "SELECT toast_blks_read + toast_blks_hit FROM pg_statio_user_tables WHERE relname = '$1'"
}
# Sessions hand in what they have counted when they end, or soon after.
settled() { # table
    local last=
    until [ "$last" = "$(blocks "$1")" ]; do last=$(blocks "$1"); sleep 1; done
    echo "$last"
}
run() { # table, options
    query -v table="$1" -v options="$2" <<'SQL' >/dev/null
SET client_min_messages = error;
SELECT customer_ai.create_model(:'table', :'table', goal => $$ kind = 'buy' $$, outcome_window => '10 days',
    profile_column => 'profile',
    time_column => 'at', type_column => 'kind', eligible_window => NULL, options => :'options');
SELECT customer_ai.train(:'table', as_of => '2025-04-01');
SELECT customer_ai.score(:'table', as_of => '2025-04-01');
SELECT count(*) FROM customer_ai.features(:'table', as_of => '2025-04-01');
SQL
}
unused=$(settled unused) used=$(settled used)
run unused '{"algorithm": "logistic", "ignore": ["note"]}'
run used '{"algorithm": "logistic", "attributes": {"size": "properties->>'"'size'"'"}}'
read_of_used=$(($(settled used) - used))
[ "$read_of_used" -gt 6000 ] || fail "only $read_of_used blocks read for the model that uses them"
[ "$(settled unused)" = "$unused" ] ||
    fail "$(($(blocks unused) - unused)) blocks read for the model that does not use them"
echo "no TOAST block read for columns that are not used; $read_of_used where they are"
