#!/usr/bin/env bash
# No function that PostgreSQL calls past the types of Rust reads or writes memory that is not its own, wherever somebody
# puts it: called directly, over a window, or as any part of a made-up aggregate, with values of every form. A role with
# nothing but TEMP cannot use one at all.
source tests/integration/lib.sh

query <<'SQL'
CREATE EXTENSION customer_ai;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) AS at, CASE n % 3
        WHEN 0 THEN 'buy' ELSE 'look' END AS kind,
        (n % 5)::float8 AS amount
    FROM generate_series(1, 400) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SET client_min_messages = error;
SELECT customer_ai.create_model('return', 'visit', 'kind = ''buy''', '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic"}') \g /dev/null
SELECT customer_ai.train('return') \g /dev/null
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET fuzz.document = %L', current_database(), (SELECT encode(document, 'hex') FROM customer_ai.version));
END $$;
SQL
query -f tests/integration/sql/raw_functions.sql

attack() { # commands before, schema of the aggregates, commands after
    query <<SQL
SET client_min_messages = error;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET $force = on;
SELECT setseed(0.15) \\g /dev/null
$1
DO \$\$
DECLARE
    function fuzz.raw;
BEGIN
    FOR function IN SELECT * FROM fuzz.raw ORDER BY name LOOP
        CALL fuzz.attack(function, '$2');
    END LOOP;
    $3
END \$\$;
SQL
}
none() { # what rows of these would mean, query
    local found
    found=$(query -c "$2 LIMIT 20")
    [ -z "$found" ] || { cut -c1-500 <<<"$found"; fail "$1"; }
}
force=force_parallel_mode
[ "$PG" -lt 16 ] || force=debug_parallel_query

# Who has rights on the parts, as their owner has, also where an aggregate passes for one of the extension.
attack "" fuzz "CALL fuzz.mix();"
attack "" customer_ai_internal ""
tried=$(query -c 'SELECT count(*) FROM fuzz.outcome')
functions=$(query -c 'SELECT count(*) FROM fuzz.raw')
done=$(query -c "SELECT count(*) FROM fuzz.outcome WHERE state = '00000' AND attempt LIKE 'SELECT%'")
[ "$functions" -ge 20 ] || fail "only $functions functions were found"
[ "$tried" -ge 2000 ] && [ "$done" -ge 200 ] || fail "only $tried attempts, of which $done did something"
# XX001 says that bytes are no state or no document; every other code of that class is a mistake of ours.
none "internal errors" "SELECT state, message, attempt FROM fuzz.outcome WHERE state LIKE 'XX%' AND state <> 'XX001'"
none "a part works in an aggregate of others" "SELECT o.attempt FROM fuzz.outcome o
    JOIN fuzz.outcome c ON c.attempt LIKE 'CREATE AGGREGATE%'
    AND split_part(c.attempt, ' ', 3) = substring(o.attempt FROM 'fuzz\.made_[0-9]+')
    WHERE o.state = '00000' AND o.attempt LIKE 'SELECT%' AND o.attempt NOT LIKE '%WHERE false'
        AND c.attempt ~ 'SFUNC = customer_ai_internal\.(event|rows)|FINALFUNC = customer_ai_internal\.(event_counts)'"

# Who has nothing but TEMP cannot use one at all, but for those that conditions and samples call.
query -c 'TRUNCATE fuzz.outcome' -c 'CREATE ROLE stranger' -c "GRANT TEMP ON DATABASE $PGDATABASE TO stranger"
attack "SET ROLE stranger;" pg_temp ""
none "a stranger can build with a part" "SELECT attempt FROM fuzz.outcome WHERE state = '00000'
    AND attempt ~ '^CREATE.* = customer_ai_internal\.(event|rows|model_document|job)_'"
# A call of a strict function with a NULL is NULL before anything is asked.
none "a stranger can call a part" "SELECT attempt FROM fuzz.outcome WHERE state <> '42501' AND attempt !~ 'NULL'
    AND attempt ~ '^SELECT customer_ai_internal\.(event|rows|model_document|job)'"
denied=$(query -c "SELECT count(*) FROM fuzz.outcome WHERE state = '42501'" -c 'DROP OWNED BY stranger' \
    -c 'DROP ROLE stranger')
[ "$denied" -ge 60 ] || fail "only $denied attempts of a stranger were refused for want of rights"

# The aggregates themselves count and compute the same from values of every form, with parallel workers or without.
for workers in 0 2; do
    query <<SQL >"$PGDATA/fuzz_answers_$workers"
SET max_parallel_workers_per_gather = $workers;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT current_setting('fuzz.document') AS document \\gset
SELECT n % 7 AS "group", customer_ai_internal.event_counts('2026-01-01',
    '{"timezone": "UTC", "numbers": 1, "texts": 4}', at, kind, flag, flag, false, number, long, kind, e1, m1),
    customer_ai_internal.event_features(:'document', '2026-01-01', NULL, '{}', at, kind, flag, true, false, number)
FROM fuzz.source GROUP BY 1 ORDER BY 1;
SQL
done
[ "$(wc -l <"$PGDATA/fuzz_answers_0")" = 7 ] || fail "not an answer for each group"
cmp "$PGDATA/fuzz_answers_0" "$PGDATA/fuzz_answers_2" || fail "parallel workers change the answers"
rm "$PGDATA"/fuzz_answers_*
echo "$tried attempts on $functions functions, $denied of a stranger refused"
