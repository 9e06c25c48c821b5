#!/usr/bin/env bash
# ALTER EXTENSION customer_ai UPDATE from 0.1.0: models, versions, scores, history, segments and rights are what they were; the
# catalogue is that of a new installation; and everything goes on, also after a dump.
#
# 0.1.0 is its own SQL and a dump of a database that it filled (tests/data/version_0.1.0). Only its library is not there: what
# is missing in the new one is never called. PostgreSQL takes scripts from its own folder, so the server is a copy of it.
source tests/integration/lib.sh
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$("$PG_CONFIG" --sharedir)/extension/customer_ai.control")
old=tests/data/version_0.1.0

# A server whose programs are a copy and whose scripts are its own: it finds both beside its program.
folder=$(mktemp -d "$PGHOST/update.XXXX")
stop() { pg_ctl stop -D "$folder/data" -m immediate >/dev/null 2>&1 || true; rm -rf "$folder"; }
trap stop EXIT
copy() { # what, each entry linked except
    mkdir -p "$folder$1"
    local entry
    for entry in "$1"/*; do
        [ "$(basename "$entry")" = "$2" ] || ln -s "$entry" "$folder$1/"
    done
}
bin=$("$PG_CONFIG" --bindir) share=$("$PG_CONFIG" --sharedir) library=$("$PG_CONFIG" --pkglibdir)/customer_ai.so
copy "$bin" postgres
cp "$bin/postgres" "$folder$bin/"
copy "$share" extension
cp -r "$share/extension" "$folder$share/"
copy "$(dirname "$library")" none
for script in "$folder$share/extension"/customer_ai--*--*.sql; do rm -f "$script"; done
tools/update_script 0.1.0 "$share/extension/customer_ai--$version.sql" >"$folder$share/extension/customer_ai--0.1.0--$version.sql"
installed=$share/extension/customer_ai--0.1.0--$version.sql
[ ! -e "$installed" ] || cmp "$installed" "$folder$share/extension/customer_ai--0.1.0--$version.sql" || fail "another update is installed"
# Functions that there are no more: any other stands for them.
sed "$(sed -n "s/^AS 'MODULE_PATHNAME', '\(.*\)';.*/\1/p; s/.*'MODULE_PATHNAME', '\(.*\)'.*/\1/p" "$old/customer_ai--0.1.0.sql" | sort -u | while read -r symbol; do
    grep -qaw "$symbol" "$library" || echo "s/'$symbol'/'train_wrapper'/;"
done)" "$old/customer_ai--0.1.0.sql" >"$folder$share/extension/customer_ai--0.1.0.sql"

initdb -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
"$folder$bin/postgres" -D "$folder/data" -c listen_addresses= -c unix_socket_directories="$folder" -c fsync=off -c timezone=UTC >"$folder/log" 2>&1 &
export PGHOST=$folder PGDATABASE=postgres
for _ in $(seq 100); do psql -X -c 'SELECT 1' >/dev/null 2>&1 && break; sleep 0.1; done
query -c 'SELECT 1' >/dev/null || fail "the server did not start" "$(cat "$folder/log")"

# What 0.1.0 left: in one session, because the new library refuses to work for the old version.
query -f "$old/events.sql" -c "CREATE EXTENSION customer_ai VERSION '0.1.0'" -f <(gzip -dc "$old/dump.sql.gz") >"$folder/restored" 2>&1 ||
    fail "$(tail -5 "$folder/restored")"
[ "$(query -c "SELECT extversion FROM pg_extension WHERE extname = 'customer_ai'")" = 0.1.0 ] || fail "this is not 0.1.0"
said=$(query -c 'SELECT * FROM customer_ai.models' 2>&1) && fail "the new library works for the old version: $said"
grep -q "Found version 0.1.0 in this database and version $version installed" <<<"$said" || fail "$said"
grep -q 'HINT:  Run ALTER EXTENSION customer_ai UPDATE' <<<"$said" || fail "$said"

kept() {
    query <<'SQL'
SELECT id, name, owner, kind, goal, goal_sql, occurs, outcome_window, eligible, eligible_window, description, options, time_zone,
    scores_schema, scores_name, active_version, created_at, altered_at FROM customer_ai.model ORDER BY id;
SELECT id, model_id, owner, position, schema_name, relation_name, profile_column, time_column, type_column FROM customer_ai.event_source ORDER BY id;
SELECT id, model_id, owner, schema_name, relation_name, profile_column, columns FROM customer_ai.profile_source ORDER BY id;
SELECT id, model_id, owner, number, algorithm, trained_at, as_of, cutoffs, rows, positives, auc, md5(report::text), md5(document) FROM customer_ai.version ORDER BY id;
SELECT id, model_id, owner, kind, version, as_of, started_at, finished_at, profiles, low, medium, high, percentiles, skipped, detail - 'base_rate' FROM customer_ai.run ORDER BY id;
SELECT id, model_id, owner, schema_name, segment_name, condition, description, created_at, refreshed_at, profiles FROM customer_ai.segment ORDER BY id;
SELECT * FROM shop.repurchase_scores ORDER BY 1;
SELECT * FROM shop.repurchase_score_history ORDER BY run, 1;
SELECT * FROM shop.likely_buyers ORDER BY 1;
SELECT * FROM shop.abroad ORDER BY 1;
SELECT * FROM shop.recent ORDER BY 1;
SELECT * FROM shop.call_list ORDER BY 1;
SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relnamespace = 'shop'::regnamespace ORDER BY 1;
SELECT p.proname, a.grantee::regrole, a.privilege_type, a.is_grantable FROM pg_proc p, aclexplode(p.proacl) a
    WHERE p.proname IN ('create_model', 'predict') AND p.pronamespace = 'customer_ai'::regnamespace ORDER BY 1, 2, 3;
SELECT relname, last_value, is_called FROM (
    SELECT 'model' AS relname, last_value, is_called FROM customer_ai.model_id_seq UNION ALL SELECT 'run', last_value, is_called FROM customer_ai.run_id_seq
    UNION ALL SELECT 'version', last_value, is_called FROM customer_ai.version_id_seq UNION ALL SELECT 'segment', last_value, is_called FROM customer_ai.segment_id_seq
    UNION ALL SELECT 'event', last_value, is_called FROM customer_ai.event_source_id_seq) s ORDER BY 1;
SQL
}
before=$(kept)
[ "$(wc -l <<<"$before")" -gt 1000 ] || fail "0.1.0 left too little"

# Refused where it would lose something, and then nothing is changed.
query -c 'CREATE ROLE other SUPERUSER' -c 'CREATE VIEW public.dashboard AS SELECT model, kind, finished_at FROM customer_ai.runs'
said=$(query -c 'ALTER EXTENSION customer_ai UPDATE' 2>&1) && fail "a view on ours is lost"
grep -q 'DETAIL:  view public.dashboard depends on view customer_ai.runs' <<<"$said" || fail "$said"
said=$(query -c 'DROP VIEW public.dashboard' -c 'SET ROLE other' -c 'ALTER EXTENSION customer_ai UPDATE' 2>&1) && fail "another superuser's tables"
grep -q 'HINT:  Run SET ROLE postgres before' <<<"$said" || fail "$said"
[ "$(kept)" = "$before" ] || fail "a refused update changed something"

query -c 'ALTER EXTENSION customer_ai UPDATE' >"$folder/update" 2>&1 || fail "$(cat "$folder/update")"
[ "$(query -c "SELECT extversion FROM pg_extension WHERE extname = 'customer_ai'")" = "$version" ] || fail "not updated"
kept >"$folder/after"
diff <(echo "$before") "$folder/after" >"$folder/diff" || fail "the update lost or changed" "$(head -40 "$folder/diff")"

# The catalogue is that of a new installation: every object, column, constraint, comment, right and row of what is dumped.
createdb fresh
query -d fresh -c 'CREATE EXTENSION customer_ai'
catalogue() { # database
    query -d "$1" <<'SQL'
CREATE TEMP VIEW member AS SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'customer_ai';
SELECT i.type, i.identity, obj_description(m.objid, m.classid::regclass::text) FROM member m,
    pg_identify_object(m.classid, m.objid, 0) i ORDER BY 1, 2;
SELECT a.attrelid::regclass::text, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(f.adbin, f.adrelid),
    col_description(a.attrelid, a.attnum)
FROM member m JOIN pg_attribute a ON a.attrelid = m.objid AND m.classid = 'pg_class'::regclass LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
WHERE a.attnum > 0 ORDER BY 1, 2;
SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM member m JOIN pg_constraint c ON c.conrelid = m.objid ORDER BY 1, 2;
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM member m JOIN pg_index i ON i.indrelid = m.objid ORDER BY 1;
SELECT pg_get_triggerdef(t.oid), t.tgenabled FROM member m JOIN pg_trigger t ON t.tgrelid = m.objid WHERE NOT t.tgisinternal ORDER BY 1;
SELECT p.oid::regprocedure::text, CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END, p.proconfig, p.procost, p.prorows FROM member m JOIN pg_proc p ON p.oid = m.objid ORDER BY 1;
SELECT m.objid::regclass::text, pg_get_viewdef(m.objid), c.reloptions FROM member m JOIN pg_class c ON c.oid = m.objid AND c.relkind = 'v' ORDER BY 1;
SELECT i.identity, p.initprivs FROM member m, pg_identify_object(m.classid, m.objid, 0) i, pg_init_privs p
    WHERE p.classoid = m.classid AND p.objoid = m.objid ORDER BY 1, p.objsubid;
SELECT i.identity, coalesce(c.relacl, n.nspacl) FROM member m LEFT JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    LEFT JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid, pg_identify_object(m.classid, m.objid, 0) i
    WHERE m.classid IN ('pg_class'::regclass, 'pg_namespace'::regclass) ORDER BY 1;
SELECT c.oid::regclass::text, condition FROM pg_extension e, unnest(e.extconfig, e.extcondition) u (config, condition) JOIN pg_class c ON c.oid = u.config
    WHERE e.extname = 'customer_ai' ORDER BY 1;
SELECT count(*), cardinality(extconfig) FROM pg_extension e, unnest(e.extconfig) WHERE extname = 'customer_ai' GROUP BY 2;
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'customer%' ORDER BY 1;
SQL
}
catalogue postgres >"$folder/updated"
catalogue fresh >"$folder/fresh"
diff "$folder/fresh" "$folder/updated" >"$folder/diff" || fail "an updated catalogue is not a new one" "$(head -40 "$folder/diff")"

# What 0.1.0 did not keep is said to be missing, and nothing is made of it; what came true of its runs is judged all the same.
said() { # statement, what it says
    query -c "$1" >"$folder/said" 2>&1 || true
    grep -qF "$2" "$folder/said" || fail "$1 does not say: $2" "$(cat "$folder/said")"
}
said "SELECT * FROM customer_ai.gains('repurchase')" 'Found held-out rows that were measured and not kept, by version 0.1.0'
said "SELECT * FROM customer_ai.summary('repurchase')" 'ERROR:  run 4 of model "repurchase" was not summed up'
said "SELECT * FROM customer_ai.drift('repurchase')" 'ERROR:  run 4 of model "repurchase" was not summed up'
said "SELECT run, profiles, expected, mean_probability FROM customer_ai.trend('repurchase')" '4|872||'
said "SELECT run, bucket, expected, actual FROM customer_ai.performance('repurchase')" "3|high||$(query -c "SELECT count(*) FROM shop.repurchase_score_history h
    WHERE run = 3 AND bucket = 'high' AND EXISTS (SELECT FROM shop.orders o WHERE o.customer_id = h.customer_id AND o.event = 'purchase'
        AND o.ordered_at > '2011-10-09' AND o.ordered_at <= '2011-11-08')")"
said "SELECT 'rows ' || value FROM customer_ai.evaluate('repurchase', run => 3) WHERE metric = 'rows'" 'rows 746'
said "SELECT 'moved ' || sum(profiles) FROM customer_ai.migration('repurchase')" 'moved 872'
said "SELECT 'scored ' || profiles FROM customer_ai.score('churn')" 'scored'
said "SELECT 'page ' || (length(customer_ai.report('churn')) > 10000)" 'trained by version 0.1.0 of the extension: it does not know'

# It goes on: what was scored, trained and defined works, with the rights that there were.
cat >"$folder/goes_on.sql" <<'SQL'
SET client_min_messages = warning;
SET ROLE shop_owner;
SELECT model, active_version, profiles FROM customer_ai.models ORDER BY 1;
SELECT segment, condition, profiles FROM customer_ai.segments ORDER BY 1;
SELECT version, profiles, low + medium + high FROM customer_ai.score('repurchase');
-- The old version scores as it did: run 4 was of the same instant.
SELECT count(*), max(abs(n.probability - o.probability)) FROM shop.repurchase_score_history o JOIN shop.repurchase_scores n USING (customer_id) WHERE o.run = 4;
SELECT customer_ai.refresh_segment(segment) = profiles FROM customer_ai.segments ORDER BY segment;
SELECT count(*) FROM customer_ai.predict('repurchase', (SELECT min(customer_id) FROM shop.orders));
SELECT customer_ai.alter_segment('shop.abroad', description => 'not British');
SELECT version, activated FROM customer_ai.train('repurchase', activate => 'always');
SELECT customer_ai.rollback('repurchase');
SELECT version, profiles FROM customer_ai.score('repurchase');
SELECT version FROM customer_ai.train('returns');
SELECT customer_ai.create_segment('shop.low', 'repurchase', $$ bucket = 'low' $$);
SELECT run, status FROM customer_ai.runs WHERE model = 'repurchase' ORDER BY run;
SELECT tenth FROM customer_ai.gains('repurchase', version => 3) ORDER BY 1 LIMIT 1;
SELECT customer_ai.drop_model('churn');
SQL
pg_dump -Fc -f "$folder/dump"
goes_on() { query -d "$1" -f "$folder/goes_on.sql" 2>&1 || true; }
createdb restored
pg_restore --exit-on-error -d restored "$folder/dump"
goes_on postgres >"$folder/one"
! grep -q ERROR "$folder/one" || fail "it does not go on" "$(cat "$folder/one")"
grep -qxF '872|0' "$folder/one" || fail "an old version scores otherwise" "$(cat "$folder/one")"
goes_on restored >"$folder/two"
diff "$folder/one" "$folder/two" >"$folder/diff" || fail "after a dump it goes on otherwise" "$(cat "$folder/diff")"
query -d restored -c 'SET ROLE analyst' -c "SELECT customer_ai.create_model('x', 'shop.orders', 'true', '30 days')" >"$folder/denied" 2>&1 &&
    fail "what was revoked is granted after update, dump and restore"
grep -q 'permission denied for function create_model' "$folder/denied" || fail "$(cat "$folder/denied")"
echo "updated from 0.1.0 to $version: $(wc -l <<<"$before") lines kept, $(wc -l <"$folder/fresh") of the catalogue as in a new one, dumped and restored"
