#!/usr/bin/env bash
# pg_cron refreshes a model: a real schedule of every minute trains and scores, and the view says how it went. One that
# fails says why. Needs postgresql-15-cron (tools/setup); minutes are the smallest unit of its version 1.4.
set -euo pipefail
query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
fail() { echo "$*"; query -c "SELECT * FROM cron.job_run_details" || true; exit 1; }

if [ "${1:-}" != inside ]; then
    [ -e "$("$PG_CONFIG" --pkglibdir)/pg_cron.so" ] || { echo "pg_cron is not installed"; exit 77; }
    exec tools/cluster -c shared_preload_libraries=pg_cron -c cron.database_name=postgres \
        -c cron.use_background_workers=on bash "$0" inside
fi

query >/dev/null <<'SQL'
CREATE EXTENSION customer_ai;
SET client_min_messages = error;
CREATE SCHEMA shop;
CREATE TABLE shop.orders AS
    SELECT p AS customer_id, now() - interval '240 days' + (d * 24 - p % 17) * interval '1 hour' AS at,
        CASE WHEN (p * 31 + d * 17) % 10 < 3 + p % 4 THEN 'purchase' ELSE 'visit' END AS event
    FROM generate_series(1, 300) p, generate_series(0, 240, 4) d WHERE (p * 13 + d * 7) % 11 < 3 + p % 5;
SELECT customer_ai.create_model('repurchase', 'shop.orders', $$ event = 'purchase' $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic"}');
SELECT customer_ai.create_model('broken', 'shop.orders', $$ event = 'nothing' $$, '30 days', 'customer_id', 'at', 'event');
SQL
said=$(query -c "SELECT customer_ai.schedule('repurchase', '* * * * *')" 2>&1) && fail "scheduled without pg_cron"
grep -q "cron.database_name = 'postgres'" <<<"$said" || fail "the hint does not say what to put where: $said"
grep -q "psql -d postgres -c \"CALL customer_ai.refresh('repurchase')\"" <<<"$said" || fail "no line for a crontab: $said"

query -c 'CREATE EXTENSION pg_cron' -c "SELECT customer_ai.schedule('repurchase', '* * * * *'), customer_ai.schedule('broken', '* * * * *')" >/dev/null
[ "$(query -c "SELECT model, schedule, active, next_run > now() AND next_run <= now() + interval '1 minute', last_status
    FROM customer_ai.schedules ORDER BY 1")" = $'broken|* * * * *|t|t|\nrepurchase|* * * * *|t|t|' ] || fail "the view does not show the schedules"
said=$(query -c "SELECT customer_ai.schedule('repurchase', 'every night')" 2>&1) && fail "a schedule of words was taken"
grep -q 'five fields of cron' <<<"$said" || fail "a wrong schedule: $said"
# A second schedule takes the place of the first.
query -c "SELECT customer_ai.schedule('repurchase', '*/1 * * * *')" >/dev/null
[ "$(query -c "SELECT count(*) FROM cron.job WHERE command LIKE '%repurchase%'")" = 1 ] || fail "two jobs for one model"

for _ in $(seq 1 150); do
    [ "$(query -c "SELECT count(*) FROM customer_ai.schedules WHERE last_status IN ('succeeded', 'failed')")" = 2 ] && break
    sleep 1
done
[ "$(query -c "SELECT model, last_status, last_error LIKE '%broken%', stale FROM customer_ai.schedules ORDER BY 1")" = \
    $'broken|failed|t|\nrepurchase|succeeded||f' ] || fail "$(query -c 'SELECT * FROM customer_ai.schedules')"
[ "$(query -c "SELECT count(*) > 100, count(DISTINCT run) FROM shop.repurchase_scores")" = 't|1' ] || fail "no scores"
[ "$(query -c "SELECT model, kind, status FROM customer_ai.runs ORDER BY model, run LIMIT 4")" = \
    $'broken|train|failed\nbroken|score|failed\nrepurchase|train|succeeded\nrepurchase|score|succeeded' ] ||
    fail "$(query -c 'SELECT run, model, kind, status, error FROM customer_ai.runs ORDER BY model, run')"

# Whose job it is, or a superuser, may change it; others are told who it is of.
query -c 'CREATE ROLE keeper LOGIN' -c 'GRANT USAGE ON SCHEMA cron, shop TO keeper' -c 'GRANT CREATE ON SCHEMA shop TO keeper' \
    -c 'GRANT SELECT ON shop.orders TO keeper' -c "SELECT customer_ai.alter_model('broken', owner => 'keeper')" >/dev/null
said=$(query -U keeper -c "SELECT customer_ai.schedule('broken', '0 3 * * *')" 2>&1) && fail "another role's job was changed"
grep -q 'Found a job of role "postgres"' <<<"$said" || fail "whose job it is is not said: $said"
[ "$(query -U keeper -c 'SELECT model, role FROM customer_ai.schedules')" = 'broken|postgres' ] || fail "the owner sees another schedule"
# A new name goes into the job; other roles' jobs stay, and are told of.
query -U keeper -c "SELECT customer_ai.rename_model('broken', 'renamed')" >"$OUTPUT/renamed" 2>&1 || fail "$(cat "$OUTPUT/renamed")"
grep -q 'still refreshes model "broken"' "$OUTPUT/renamed" || fail "a job that stays is not said: $(cat "$OUTPUT/renamed")"
query -U keeper -c "SELECT customer_ai.rename_model('renamed', 'broken')" >/dev/null
job() { query -c "SELECT s.model, s.schedule, s.role, s.active, j.command FROM customer_ai.schedules s JOIN cron.job j ON j.jobid = s.job WHERE s.model IN ('repurchase', 'again')"; }
query -c "SELECT cron.alter_job(job, active => false) FROM customer_ai.schedules WHERE model = 'repurchase'" >/dev/null
query -c "SELECT customer_ai.rename_model('repurchase', 'again')" >/dev/null
[ "$(job)" = "again|*/1 * * * *|postgres|f|CALL customer_ai.refresh('again')" ] || fail "renamed: $(job)"
query -c "SELECT customer_ai.rename_model('again', 'repurchase')" >/dev/null
[ "$(job)" = "repurchase|*/1 * * * *|postgres|f|CALL customer_ai.refresh('repurchase')" ] || fail "renamed back: $(job)"
query -c "SELECT customer_ai.schedule('repurchase', '5 4 * * *')" >/dev/null
[ "$(query -c "SELECT count(*) FROM cron.job WHERE command LIKE '%repurchase%'")" = 1 ] || fail "renamed, and two jobs for one model"
# The owner's own job, without a right to say of which role.
query -U keeper -c "SELECT customer_ai.create_model('kept', 'shop.orders', 'true', '30 days', 'customer_id', 'at', options => '{\"scores\": \"shop.kept\"}')" \
    -c "SELECT customer_ai.schedule('kept', '0 5 * * *')" -c "SELECT customer_ai.rename_model('kept', 'held')" >/dev/null
[ "$(query -U keeper -c 'SELECT model, schedule, role, active FROM customer_ai.schedules' | grep held)" = 'held|0 5 * * *|keeper|t' ] || fail "the owner's job"
# Given away, the model is no longer of who scheduled it.
said=$(query -c "SELECT customer_ai.alter_model('held', owner => 'postgres')" 2>&1)
grep -q 'still refreshes model "held"' <<<"$said" || fail "a job of who had the model is not said: $said"
query -c "SELECT customer_ai.drop_model('held'), customer_ai.schedule('repurchase', '*/1 * * * *')" >/dev/null
[ "$(query -c "SELECT customer_ai.unschedule('repurchase')" -c "SELECT customer_ai.unschedule('repurchase')")" = $'1\n0' ] || fail "unschedule"
said=$(query -U keeper -c "SELECT customer_ai.drop_model('broken')" 2>&1)
grep -q 'still refreshes model "broken"' <<<"$said" || fail "a job that stays is not said: $said"
query -c "SELECT cron.unschedule(jobid) FROM cron.job" >/dev/null
[ "$(query -c "SELECT string_agg(action || ' ' || coalesce(old ->> 'schedule', '') || '>' || coalesce(new ->> 'schedule', ''), ', ' ORDER BY at)
    FROM customer_ai.audit WHERE model = 'repurchase' AND action LIKE '%schedule'")" = \
    'schedule >* * * * *, schedule * * * * *>*/1 * * * *, schedule */1 * * * *>5 4 * * *, schedule 5 4 * * *>*/1 * * * *, unschedule */1 * * * *>' ] || fail "the audit does not have the schedules"

# When cron is due next, beside every minute of the year counted in SQL.
query >"$OUTPUT/cron" <<'SQL'
WITH minute AS (SELECT t, extract(minute FROM t) AS mi, extract(hour FROM t) AS h, extract(day FROM t) AS d, extract(month FROM t) AS mo, extract(dow FROM t) AS w
    FROM generate_series(timestamptz '2027-01-15 10:17:30', '2028-03-05', '1 minute') s (s), LATERAL (SELECT date_trunc('minute', s + interval '1 minute') AT TIME ZONE 'UTC') x (t)),
due (schedule, at) AS (VALUES
    ('* * * * *', (SELECT min(t) FROM minute)),
    ('17 10 * * *', (SELECT min(t) FROM minute WHERE mi = 17 AND h = 10)),
    ('*/20 3,5-6 * * *', (SELECT min(t) FROM minute WHERE mi::int % 20 = 0 AND h IN (3, 5, 6))),
    ('30 4 1,15 * 5', (SELECT min(t) FROM minute WHERE mi = 30 AND h = 4 AND (d IN (1, 15) OR w = 5))),
    ('0 0 29 2 *', (SELECT min(t) FROM minute WHERE mi = 0 AND h = 0 AND d = 29 AND mo = 2)),
    ('5 0 * 8 0', (SELECT min(t) FROM minute WHERE mi = 5 AND h = 0 AND mo = 8 AND w = 0)),
    ('5 0 * 8 7', (SELECT min(t) FROM minute WHERE mi = 5 AND h = 0 AND mo = 8 AND w = 0)),
    ('0 22 * * 1-5', (SELECT min(t) FROM minute WHERE mi = 0 AND h = 22 AND w BETWEEN 1 AND 5)),
    ('0 0 31 2 *', NULL), ('0 25 * * *', NULL), ('0 0 * JAN *', NULL), ('* * *', NULL))
SELECT schedule, at, customer_ai_internal.next_run(schedule, '2027-01-15 10:17:30+00') AT TIME ZONE 'UTC' AS found FROM due
WHERE at IS DISTINCT FROM customer_ai_internal.next_run(schedule, '2027-01-15 10:17:30+00') AT TIME ZONE 'UTC';
SQL
[ ! -s "$OUTPUT/cron" ] || fail "due at other times: $(cat "$OUTPUT/cron")"
echo "a schedule of every minute trained and scored; one that fails says why; next runs as counted minute by minute"
