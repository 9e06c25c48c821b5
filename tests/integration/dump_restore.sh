#!/usr/bin/env bash
# A dumped and restored database predicts the same to the last bit, and trains, scores and refreshes again: in every
# format, in parallel, with and without owners, by a superuser and by the owner of the database, who is none.
source tests/integration/lib.sh

source=${PGDATABASE}_source keeper=${PGDATABASE}_keeper guest=${PGDATABASE}_guest
query -c "CREATE ROLE $keeper LOGIN" -c "CREATE ROLE $guest LOGIN" -c "CREATE DATABASE $source OWNER $keeper"
query -d "$source" -c 'CREATE EXTENSION customer_ai'
# Two models: of the owner of the database, and of another role whose relations that one may read.
define() { # model, schema
    cat <<SQL
CREATE SCHEMA $2;
CREATE TABLE $2.orders AS
    SELECT p AS customer_id, timestamptz '2025-01-01' + (d * 24 + p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event, (p * d) % 97 AS amount
    FROM generate_series(1, 300) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
SELECT customer_ai.create_model('$1', '$2.orders', \$\$ event = 'purchase' \$\$, '30 days', 'customer_id', 'at',
    'event',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.add_event_definition('$1', 'Large order', 'amount > 90');
SELECT customer_ai.describe_column('$1', 'amount', 'order value', unit => 'EUR');
SELECT customer_ai.train('$1');
SELECT customer_ai.label_version('$1', 1, 'first');
SELECT customer_ai.train('$1', activate => 'always');
SELECT customer_ai.score('$1');
SELECT customer_ai.create_segment('$2.likely', '$1', \$\$ score >= 60 \$\$);
SELECT customer_ai.score('$1', '2025-08-10');
SELECT customer_ai.score('$1', '2025-06-10', publish => false);
SQL
}
query -c "GRANT CREATE ON DATABASE $source TO $guest" -d "$source"
define repurchase shop | query -U "$keeper" -d "$source" >/dev/null
define visitors club | query -U "$guest" -d "$source" >/dev/null
query -d "$source" -c "GRANT USAGE ON SCHEMA club TO $keeper" -c "GRANT SELECT ON ALL TABLES IN SCHEMA club TO $keeper"

state() { # columns of models whose owner may have changed are left out
    cat <<'SQL'
SELECT m, s.customer_id, p.* FROM (SELECT 'repurchase' m, customer_id FROM shop.repurchase_scores UNION ALL
        SELECT 'visitors', customer_id FROM club.visitors_scores) s,
    LATERAL customer_ai.predict(m, s.customer_id::text) p WHERE s.customer_id % 97 = 0 ORDER BY 1, 2;
SELECT * FROM shop.repurchase_scores ORDER BY customer_id;
SELECT * FROM club.visitors_scores ORDER BY customer_id;
SELECT * FROM shop.likely ORDER BY 1;
SELECT * FROM club.likely ORDER BY 1;
SELECT * FROM customer_ai.event_definitions ORDER BY 1, 2;
SELECT * FROM customer_ai.labels ORDER BY 1, 2;
SELECT run_id, profiles, positives, md5(judgement), counted_at FROM customer_ai.outcome ORDER BY 1;
SELECT model, goal, enabled, active_version, former_version, trained_at, scored_at, profiles FROM customer_ai.models ORDER BY 1;
SELECT * FROM customer_ai.versions ORDER BY 1, 2;
SELECT * FROM customer_ai.runs ORDER BY 1;
SELECT * FROM customer_ai.segments ORDER BY 1;
SELECT count(*) > 10 FROM customer_ai.segment_changes;
SELECT * FROM customer_ai.segment_changes ORDER BY segment, profile, at;
SELECT * FROM customer_ai.segment_sizes ORDER BY segment, at;
SQL
}
before=$(state | query -d "$source")

count=0
# Who restores, whose the models then are, a function that restores from $file into the database $1, and its arguments.
try() {
    local who=$1 owners=$2 restored=${PGDATABASE}_$((count += 1))
    shift 2
    createdb -O "$keeper" "$restored"
    [ "$who" != "$keeper" ] || query -d "$restored" -c 'CREATE EXTENSION customer_ai'
    PGUSER=$who "$1" "$restored" "${@:2}"
    [ "$(state | query -d "$restored")" = "$before" ] || fail "$who, $*: the restored database differs"
    [ "$(query -d "$restored" -c "SELECT string_agg(owner, ',' ORDER BY model)
        FROM customer_ai.models")" = "$owners" ] ||
        fail "$who, $*: models of $(query -d "$restored" -c 'SELECT model, owner FROM customer_ai.models')"
    PGUSER=$who query -d "$restored" >/dev/null <<'SQL' || fail "$who, $*: the restored models do not work"
SELECT customer_ai.score(model), customer_ai.train(model), customer_ai.score(model) FROM customer_ai.models;
SELECT customer_ai.refresh_segment('shop.likely');
SELECT customer_ai.refresh_segment('club.likely');
SELECT customer_ai.create_model('second', 'shop.orders', 'true', '30 days', 'customer_id', 'at',
    options => '{"scores": "second"}');
SELECT customer_ai.drop_model(model) FROM customer_ai.models;
SQL
    [ -z "$(query -d "$restored" -c "SELECT to_regclass('shop.repurchase_scores'), to_regclass('club.likely')" | tr -d '|')" ] ||
        fail "$who, $*: something is left of a model that was dropped"
    dropdb "$restored"
}

plain() { query -f "$file" -d "$1" >/dev/null; }
archive() { pg_restore --exit-on-error -d "$1" "${@:2}" "$file"; }

# By a superuser.
file=$OUTPUT/$PGDATABASE.dump
pg_dump -d "$source" -f "$file"
try "$PGUSER" "$keeper,$guest" plain
pg_dump -Fc -d "$source" -f "$file"
try "$PGUSER" "$keeper,$guest" archive
try "$PGUSER" "$keeper,$guest" archive -j4
rm "$file"
pg_dump -Fd -j4 -d "$source" -f "$file"
try "$PGUSER" "$keeper,$guest" archive -j4
rm -r "$file"

# Without owners, the tables are the superuser's, and the models too once they are given: they never run with more
# rights than those who defined them without being told to.
taken() {
    archive "$1" -O
    query -d "$1" -c "SELECT customer_ai.alter_model(model, owner => '$PGUSER') FROM customer_ai.models" >/dev/null
}
pg_dump -Fc -d "$source" -f "$file"
try "$PGUSER" "$PGUSER,$PGUSER" taken
rm "$file"

# By the owner of the database, without owners: everything becomes theirs. The extension is there, since only a
# superuser can create one; its comment is all that PostgreSQL refuses.
pg_dump -U "$keeper" -O --no-comments -d "$source" -f "$file"
try "$keeper" "$keeper,$keeper" plain
pg_dump -U "$keeper" -Fc -d "$source" -f "$file"
try "$keeper" "$keeper,$keeper" archive -O --no-comments
rm "$file"
pg_dump -U "$keeper" -Fd -j4 -d "$source" -f "$file"
try "$keeper" "$keeper,$keeper" archive -O --no-comments -j4
goes_on() {
    pg_restore -O -d "$1" "$file" 2>&1 | grep ERROR >"$OUTPUT/errors" || true
    [ "$(cat "$OUTPUT/errors")" = "pg_restore: error: could not execute query: ERROR:  must be owner of extension customer_ai" ] ||
        { cat "$OUTPUT/errors"; fail "PostgreSQL refuses something else"; }
}
try "$keeper" "$keeper,$keeper" goes_on
rm -r "$file"
echo "$count restored databases: predictions, scores, segments and history equal; trained and scored again"
