#!/usr/bin/env bash
# Hard inputs stay within customer_ai.max_memory or end with its error, are honest about what they leave out, and can
# be cancelled at any moment: a million event types, a million profiles of one event each, a profile of ten million
# events.
source tests/integration/lib.sh

query -c 'CREATE EXTENSION customer_ai'
define() { # model, relation, most training rows
    query -c "SELECT customer_ai.create_model('$1', '$2', \$\$ kind = 'buy' \$\$, '10 days', 'profile', 'at', 'kind',
        options => '{\"algorithm\": \"logistic\", \"max_training_rows\": ${3:-5000}}')" >/dev/null
}

# A million event types, one row in ten of a common one, and half a million pages: which of them are told apart does not
# follow from the order of the rows, although the common ones come last in one of the orders.
query -c "CREATE TABLE typed AS SELECT n % 20000 AS profile,
        timestamptz '2025-01-01' + (n::bigint * 7919 % 10368000) * interval '1 second' AS at,
        CASE n / 20000 % 20 WHEN 0 THEN 'buy' WHEN 1 THEN 'look' ELSE 'type ' || n END AS kind,
        CASE WHEN n / 20000 % 5 < 2 THEN 'page ' || n ELSE 'common ' || n % 997 END AS page
        FROM generate_series(1, 1200000) n"
query -c 'CREATE TABLE common_last AS SELECT * FROM typed ORDER BY length(kind) DESC, length(page) DESC' \
    -c 'CREATE TABLE clustered AS SELECT * FROM typed ORDER BY profile'
for model in typed common_last clustered; do
    define "$model" "$model" 1000
    notice=$(query -c "SELECT * FROM customer_ai.train('$model')" 2>&1 >/dev/null)
    grep -q 'more than 131072 event types: only the 1000 most frequent' <<<"$notice" ||
        fail "no word of the types of $model: $notice"
    grep -q 'learned from a sample: 12.50 %' <<<"$notice" || fail "no word of the sample of $model: $notice"
    query -c 'SET client_min_messages = error' -c "SELECT * FROM customer_ai.score('$model')" >/dev/null
done
[ "$(query -c 'SELECT count(DISTINCT document) FROM customer_ai.version')" = 1 ] ||
    fail "the order of the rows changes the version"
[ "$(query -c "SELECT DISTINCT detail->'types_told_apart' FROM customer_ai.runs WHERE kind = 'train'")" = 1000 ] ||
    fail "the runs do not say how many types were told apart"
types=$(query -c "SELECT string_agg(DISTINCT name, ' ') FROM customer_ai.explain('common_last', '20', every_factor => true),
    LATERAL (SELECT substring(factor FROM '^Days since the last (.*)') AS name) n WHERE name IN ('buy event', 'look event', 'event of another type')")
[ "$types" = "buy event event of another type look event" ] || fail "types told apart: $types"
different=$(query -c 'CREATE INDEX ON common_last (profile, at)' \
    -c "SELECT count(*) FROM typed_scores s JOIN common_last_scores c USING (profile)
    JOIN LATERAL customer_ai.predict('common_last', profile::text) p ON true
    WHERE profile % 200 = 0 AND (float8send(s.probability), s.factors, float8send(p.probability)) IS DISTINCT FROM
        (float8send(c.probability), c.factors, float8send(c.probability))")
[ "$different" = 0 ] || fail "$different scores or predictions differ between the orders of rows"

# Half a million pages of few types: what is told apart does not follow either from profiles that are not in the sample,
# although they fill the dictionary before they drop out when the rows come profile by profile.
for rows in typed clustered; do
    query -c "CREATE VIEW pages_$rows AS SELECT profile, at, substring(kind FROM '[a-z]+') AS kind, page FROM $rows"
    define "pages_$rows" "pages_$rows" 1000
    query -c 'SET client_min_messages = error' -c "SELECT * FROM customer_ai.train('pages_$rows')" >/dev/null
    pages=$(query -c "SELECT count(DISTINCT feature) FROM customer_ai.features('pages_$rows')
        WHERE feature ~ '^cnt_page=common'")
    [ "$pages" -ge 8 ] || fail "$pages features of common pages from $rows"
done
[ "$(query -c "SELECT count(DISTINCT document) FROM customer_ai.version v
    JOIN customer_ai.model m ON m.id = v.model_id WHERE m.name LIKE 'pages%'")" = 1 ] ||
    fail "the order of the rows changes what pages are told apart"

# A million profiles with one event each.
query -c "CREATE TABLE single AS SELECT n AS profile,
        timestamptz '2025-01-01' + (n % 10368000) * interval '10 seconds' AS at,
        CASE WHEN n % 3 = 0 THEN 'buy' ELSE 'look' END AS kind FROM generate_series(1, 1000000) n"
define single single
error=$(query -v VERBOSITY=sqlstate -c "SELECT * FROM customer_ai.train('single')" 2>&1 >/dev/null) || true
[[ $error = *22023* || $error = *55000* ]] || fail "profiles that never come back taught something: $error"
query -c "CREATE TABLE twice AS TABLE single UNION ALL SELECT profile, at + profile % 50 * interval '1 day', kind
    FROM single WHERE profile % 2 = 0"
define twice twice
query -c 'SET client_min_messages = error' -c "SET customer_ai.max_memory = '96MB'" \
    -c "SELECT * FROM customer_ai.train('twice')" \
    -c "SELECT * FROM customer_ai.score('twice')" >/dev/null
query -c "SELECT detail FROM customer_ai.runs WHERE model = 'twice' AND kind = 'train'"

# One profile with two million events among others: it is held at once, or not at all.
query -c "CREATE TABLE heavy AS SELECT p AS profile,
        timestamptz '2025-01-01' + n::bigint * 7919 % 10368000 * interval '1 second' AS at,
        CASE WHEN n % 5 = 0 THEN 'buy' ELSE 'look' END AS kind, (n % 100)::float8 AS amount
    FROM (SELECT 0 AS p, n FROM generate_series(1, 2000000) n UNION ALL SELECT p, n * 31 + p
    FROM generate_series(1, 2000) p, generate_series(1, 20) n) e"
define heavy heavy
query -c 'SET client_min_messages = error' -c "SELECT * FROM customer_ai.train('heavy')" \
    -c "SELECT * FROM customer_ai.score('heavy')" >/dev/null
error=$(query -v VERBOSITY=sqlstate -c "SET customer_ai.max_memory = '32MB'" \
    -c "SELECT * FROM customer_ai.score('heavy')" 2>&1 >/dev/null) || true
[[ $error = *53400* ]] || fail "too little memory for a profile: $error"

# One with ten million, of a number and two texts, in random order: with the memory that is allowed by default, and the
# same whether one process reads them or several.
query -c "CREATE UNLOGGED TABLE robot AS SELECT CASE WHEN n % 51 = 0 THEN 1 + n / 51 % 3000 ELSE 0 END AS profile,
        timestamptz '2025-01-01' + (hashint8(n) & 1073741823) * interval '29 milliseconds' AS at,
        CASE n % 13 WHEN 3 THEN 'buy' ELSE 'kind ' || n % 13 END AS kind, n % 1000 / 100.0::double precision AS amount,
        'channel ' || n % 7 AS channel, 'device ' || n % 5 AS device FROM generate_series(1::bigint, 10200100) n" \
            -c 'ANALYZE robot'
define robot robot
for settings in 'SET max_parallel_workers_per_gather = 0' 'RESET max_parallel_workers_per_gather'; do
    query -c 'SET client_min_messages = error' -c "$settings" \
        -c "SELECT * FROM customer_ai.train('robot', activate => 'always')" \
        -c "SELECT * FROM customer_ai.score('robot')" >/dev/null
done
[ "$(query -c 'SELECT count(*) FROM robot_scores WHERE profile = 0')" = 1 ] ||
    fail 'no score of the profile with ten million events'
[ "$(query -c "SELECT count(DISTINCT document) FROM customer_ai.version v
    JOIN customer_ai.model m ON m.id = v.model_id WHERE m.name = 'robot'")" = 1 ] ||
    fail 'ten million events of one profile: the version depends on who reads them'

cancelled=0 slowest=0
for call in "train('typed')" "train('heavy')" "score('heavy')" "score('twice')" "score('robot')"; do
    started=$EPOCHREALTIME
    query -c 'SET client_min_messages = error' -c BEGIN -c "SELECT customer_ai.$call" -c ROLLBACK >/dev/null
    whole=$(milliseconds_since "$started")
    for trial in {1..4}; do
        timeout=$((1 + whole * trial / 5))
        started=$EPOCHREALTIME
        error=$(query -v VERBOSITY=sqlstate -c 'SET client_min_messages = error' -c BEGIN \
            -c "SET statement_timeout = $timeout" -c "SELECT customer_ai.$call" -c ROLLBACK 2>&1 >/dev/null) ||
            true
        late=$(($(milliseconds_since "$started") - timeout))
        case $error in
            "") continue ;; # it was done before
            *57014*) cancelled=$((cancelled + 1)) ;;
            *) fail "$call with a timeout of $timeout ms: $error" ;;
        esac
        [ "$late" -lt 500 ] || fail "$call stopped $late ms after its timeout of $timeout ms"
        [ "$late" -le "$slowest" ] || slowest=$late
    done
done
[ "$cancelled" -ge 13 ] || fail "only $cancelled of 20 calls were cancelled"
[ -z "$(ls "$PGDATA"/base/pgsql_tmp 2>/dev/null)" ] || fail "temporary files are left"
echo "a million types, a million profiles, ten million events of one; $cancelled calls cancelled, the slowest $slowest ms after its timeout"
