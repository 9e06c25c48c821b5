-- What analysts read. A view reads its tables with the rights of its owner and shows the rows of models that are the
-- reader's, as a barrier: no function of the reader sees a row before that is asked.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- What a definition says that a version learns from, for a version to keep. Of the extension alone.
CREATE VIEW customer_ai_internal.definition WITH (security_barrier) AS
SELECT m.id AS model_id, jsonb_build_object(
    'goal', m.goal, 'occurs', m.occurs, 'outcome_window', extract(epoch FROM m.outcome_window),
    'eligible', m.eligible, 'eligible_window', extract(epoch FROM m.eligible_window), 'exclude', m.exclude, 'exclude_window', extract(epoch FROM m.exclude_window),
    'time_zone', m.time_zone,
    'options', (
        SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(m.options) o
        WHERE o.key IN ('columns', 'ignore', 'attributes', 'take_as', 'known_ahead')),
    'events', (
        SELECT jsonb_agg(jsonb_build_array(e.id, e.profile_column, e.time_column, e.type_column, e.event_type,
            e.where_clause) ORDER BY e.position)
        FROM customer_ai.event_source e WHERE e.model_id = m.id AND e.owner = m.owner),
    'event_definitions', (
        SELECT jsonb_agg(jsonb_build_array(d.name, d.condition) ORDER BY d.id)
        FROM customer_ai.event_definition d WHERE d.model_id = m.id AND d.owner = m.owner),
    'profiles', (
        SELECT jsonb_agg(jsonb_build_array(p.id, p.profile_column, p.columns, p.valid_from_column) ORDER BY p.position)
        FROM customer_ai.profile_source p WHERE p.model_id = m.id AND p.owner = m.owner)) AS definition
FROM customer_ai.model m;

CREATE VIEW customer_ai.models WITH (security_barrier) AS
SELECT m.name AS model, customer_ai_internal.owner_now(m.owner, m.owner_oid, m.place)::name AS owner, (
        SELECT format('%I.%I', s.now[1], s.now[2]) FROM customer_ai.event_source e
        CROSS JOIN LATERAL (SELECT customer_ai_internal.relation_now(e.schema_name, e.relation_name, e.relation_oid, NULL, e.place) AS now OFFSET 0) s
        WHERE e.model_id = m.id AND e.owner = m.owner ORDER BY e.position LIMIT 1) AS events, m.kind, m.goal, m.occurs, m.outcome_window, m.eligible, m.eligible_window, m.exclude,
    m.exclude_window, m.description, n.now[1]::name AS scores_schema, n.now[2]::name AS scores_name, m.enabled, v.number AS active_version,
    (SELECT f.number FROM unnest(m.former_versions) WITH ORDINALITY f (number, position)
        WHERE f.number <> v.number ORDER BY f.position DESC LIMIT 1) AS former_version, v.trained_at, v.auc, r.scored_at, r.profiles,
    m.time_zone, m.options, m.created_at, m.altered_at
FROM customer_ai.model m
LEFT JOIN customer_ai.version v ON v.model_id = m.id AND v.number = m.active_version AND v.owner = m.owner
LEFT JOIN LATERAL (
    SELECT s.finished_at AS scored_at, s.profiles
    FROM customer_ai.run s
    WHERE s.model_id = m.id AND s.owner = m.owner AND s.kind = 'score' AND s.published
    ORDER BY s.id DESC LIMIT 1) r ON true
LEFT JOIN LATERAL (
    SELECT customer_ai_internal.relation_now(m.scores_schema, m.scores_name, m.scores_oid, m.scores_schema_oid, m.place) AS now
    OFFSET 0) n ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.sources WITH (security_barrier) AS
SELECT m.name AS model, s.holds, format('%I.%I', n.now[1], n.now[2]) AS relation, s.profile_column, s.time_column, s.type_column,
    s.event_type, s.where_clause, s.columns
FROM (
    SELECT 'events' AS holds, position, model_id, owner, schema_name, relation_name, relation_oid, place, profile_column, time_column,
        type_column, event_type, where_clause, NULL::name[] AS columns
    FROM customer_ai.event_source
    UNION ALL
    SELECT 'profiles', position, model_id, owner, schema_name, relation_name, relation_oid, place, profile_column, valid_from_column,
        NULL, NULL, NULL, columns
    FROM customer_ai.profile_source) s
JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
LEFT JOIN LATERAL (
    SELECT customer_ai_internal.relation_now(s.schema_name, s.relation_name, s.relation_oid, NULL, s.place) AS now
    OFFSET 0) n ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place)
ORDER BY m.name, s.holds, s.position;

CREATE VIEW customer_ai.event_definitions WITH (security_barrier) AS
SELECT m.name AS model, d.name, d.condition
FROM customer_ai.event_definition d
JOIN customer_ai.model m ON m.id = d.model_id AND m.owner = d.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.labels WITH (security_barrier) AS
SELECT m.name AS model, l.column_name, nullif(l.value, '') AS value, l.label, l.unit
FROM customer_ai.label l
JOIN customer_ai.model m ON m.id = l.model_id AND m.owner = l.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.versions WITH (security_barrier) AS
SELECT m.name AS model, v.number AS version, v.number = m.active_version IS TRUE AS active, v.label, v.algorithm, v.trained_at,
    v.as_of, cardinality(v.cutoffs) AS cutoffs, (SELECT min(c) FROM unnest(v.cutoffs) c) AS first_cutoff,
    (SELECT max(c) FROM unnest(v.cutoffs) c) AS last_cutoff, v.rows, v.positives, v.auc, v.auc_low, v.auc_high,
    octet_length(v.document) AS bytes
FROM customer_ai.version v
JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

-- Apart from the versions, which it would fill screens of.
CREATE VIEW customer_ai.version_reports WITH (security_barrier) AS
SELECT m.name AS model, v.number AS version, v.report
FROM customer_ai.version v
JOIN customer_ai.model m ON m.id = v.model_id AND m.owner = v.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.runs WITH (security_barrier) AS
SELECT r.id AS run, m.name AS model, r.kind, r.version, r.as_of, r.started_at, r.finished_at,
    extract(epoch FROM r.finished_at - r.started_at)::float8 AS seconds, r.profiles, r.low, r.medium, r.high,
    r.published, r.skipped, r.detail, 'succeeded' AS status, NULL::text AS error
FROM customer_ai.run r
JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place)
UNION ALL
SELECT r.id, m.name, r.kind, NULL, NULL, r.started_at, r.finished_at,
    extract(epoch FROM r.finished_at - r.started_at)::float8, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, CASE WHEN r.sqlstate = '57014' THEN 'cancelled' ELSE 'failed' END, r.error
FROM customer_ai.failed_run r
JOIN customer_ai.model m ON m.id = r.model_id AND m.owner = r.owner
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

-- The numbers are in the tags of locks (src/pg/progress.rs), which names them: one row for each backend at work.
CREATE VIEW customer_ai.progress WITH (security_barrier) AS
WITH tag AS MATERIALIZED (
    SELECT g.pid, g.classid::int8 AS first, g.objid::int8 AS second, g.objsubid AS kind
    FROM pg_locks g
    WHERE g.locktype = 'userlock' AND g.mode = 'AccessShareLock'
        AND g.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))
SELECT l.pid, m.name AS model,
    (ARRAY['train', 'score', 'check_model', 'backtest', 'refresh'])[l.step >> 8] AS verb,
    (ARRAY['reading events', 'making features', 'comparing with the active version', 'fitting', 'predicting',
        'writing scores', 'refreshing segments'])[l.step & 255] AS phase,
    l.done, nullif(l.expected, 0) AS expected,
    timestamptz '2000-01-01 00:00+00' + l.started * interval '1 microsecond' AS started_at,
    CASE WHEN l.done > 0 AND l.expected > l.done THEN
        extract(epoch FROM clock_timestamp() - (timestamptz '2000-01-01 00:00+00' + l.phase_started * interval '1 microsecond'))::float8
        * (l.expected - l.done) / l.done END AS seconds_left
FROM (
    SELECT k.pid, (max(k.first) FILTER (WHERE k.kind = 21201)) AS model_id, (max(k.second) FILTER (WHERE k.kind = 21201))::int AS step,
        max(k.first << 32 | k.second) FILTER (WHERE k.kind = 21202) + coalesce(max(w.done), 0) AS done,
        max(k.first << 32 | k.second) FILTER (WHERE k.kind = 21203) AS expected,
        max(k.first << 32 | k.second) FILTER (WHERE k.kind = 21204) AS started,
        max(k.first << 32 | k.second) FILTER (WHERE k.kind = 21205) AS phase_started
    FROM tag k LEFT JOIN (
        SELECT t.first AS leader, sum(t.second * 1024)::int8 AS done FROM tag t WHERE t.kind = 21206 GROUP BY t.first) w ON w.leader = k.pid
    WHERE k.kind < 21206 GROUP BY k.pid) l
JOIN customer_ai.model m ON m.id = l.model_id
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.audit WITH (security_barrier) AS
SELECT a.at, a.role, a.model, a.action, a.object, a.old, a.new
FROM customer_ai.audit_entry a
WHERE customer_ai_internal.is_mine(a.owner);

-- Jobs of pg_cron; no rows where that is not installed.
CREATE VIEW customer_ai.schedules WITH (security_barrier) AS
SELECT j.model, j.schedule, j.job, j.role, j.active, j.next_run, j.last_run, j.last_status, j.last_error,
    r.as_of AS scored_as_of, r.as_of < now() - m.outcome_window AS stale
FROM customer_ai_internal.jobs() j
JOIN customer_ai.model m ON m.name = j.model
LEFT JOIN LATERAL (
    SELECT s.as_of FROM customer_ai.run s
    WHERE s.model_id = m.id AND s.owner = m.owner AND s.kind = 'score' AND s.published ORDER BY s.id DESC LIMIT 1) r ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.segments WITH (security_barrier) AS
SELECT format('%I.%I', n.now[1], n.now[2]) AS segment, m.name AS model, s.condition, s.top, s.top_percent, s.live,
    s.description, s.profiles, s.created_at, s.refreshed_at
FROM customer_ai.segment s
JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
LEFT JOIN LATERAL (
    SELECT customer_ai_internal.relation_now(s.schema_name, s.segment_name, s.relation_oid, NULL, s.place) AS now
    OFFSET 0) n ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.segment_changes WITH (security_barrier) AS
SELECT format('%I.%I', n.now[1], n.now[2]) AS segment, m.name AS model, c.profile,
    CASE WHEN c.entered THEN 'entered' ELSE 'left' END AS change, f.at, f.run
FROM customer_ai.segment s
JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
JOIN customer_ai.segment_refresh f ON f.segment_id = s.id AND f.owner = s.owner
JOIN customer_ai.segment_change c ON c.refresh_id = f.id AND c.owner = f.owner
LEFT JOIN LATERAL (
    SELECT customer_ai_internal.relation_now(s.schema_name, s.segment_name, s.relation_oid, NULL, s.place) AS now
    OFFSET 0) n ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

CREATE VIEW customer_ai.segment_sizes WITH (security_barrier) AS
SELECT format('%I.%I', n.now[1], n.now[2]) AS segment, m.name AS model, f.at, f.run, f.profiles, f.entered, f.gone
FROM customer_ai.segment s
JOIN customer_ai.model m ON m.id = s.model_id AND m.owner = s.owner
JOIN customer_ai.segment_refresh f ON f.segment_id = s.id AND f.owner = s.owner
LEFT JOIN LATERAL (
    SELECT customer_ai_internal.relation_now(s.schema_name, s.segment_name, s.relation_oid, NULL, s.place) AS now
    OFFSET 0) n ON true
WHERE customer_ai_internal.is_mine(m.owner, m.owner_oid, m.place);

SET LOCAL search_path TO customer_ai, pg_temp;
