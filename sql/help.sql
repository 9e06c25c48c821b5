-- help: what there is, and what to do next. Rows, so that it can be filtered, and works in every client.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- What each of your models waits for, the first thing first.
CREATE VIEW customer_ai_internal.next_steps WITH (security_barrier) AS
SELECT m.model, n.rank, n.about, n.statement
FROM customer_ai.models m
LEFT JOIN LATERAL (
    SELECT r.as_of, r.run FROM customer_ai.runs r
    WHERE r.model = m.model AND r.kind = 'score' AND r.published ORDER BY r.run DESC LIMIT 1) scored ON true
LEFT JOIN LATERAL (
    SELECT r.error, r.run, r.status FROM customer_ai.runs r WHERE r.model = m.model ORDER BY r.run DESC LIMIT 1) last ON true
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM customer_ai.versions v WHERE v.model = m.model)) versions (any_there)
CROSS JOIN LATERAL (VALUES
    (1, last.error IS NOT NULL, format('the last refresh failed: %s', last.error),
        format('SELECT run, kind, status, error FROM customer_ai.runs WHERE run = %s', last.run)),
    (2, NOT versions.any_there, 'it is not trained: look at the data first', format('SELECT * FROM customer_ai.check_model(%L)', m.model)),
    (3, NOT versions.any_there, 'then train it', format('SELECT * FROM customer_ai.train(%L)', m.model)),
    (4, versions.any_there AND m.active_version IS NULL, 'it has versions, and none is active',
        format('SELECT customer_ai.activate(%L, (SELECT max(version) FROM customer_ai.versions WHERE model = %L))', m.model, m.model)),
    (5, versions.any_there AND customer_ai_internal.training_due(m.model) IS NOT NULL,
        format('it is to be trained again: %s', customer_ai_internal.training_due(m.model)), format('SELECT * FROM customer_ai.train(%L)', m.model)),
    (6, m.active_version IS NOT NULL AND scored.run IS NULL, 'it is trained and not scored', format('SELECT * FROM customer_ai.score(%L)', m.model)),
    (7, scored.as_of < now() - m.outcome_window, format('its scores are as of %s, longer ago than its outcome window: load newer events, then score', scored.as_of),
        format('CALL customer_ai.refresh(%L)', m.model)),
    (8, scored.run IS NOT NULL AND NOT EXISTS (SELECT FROM customer_ai.segments s WHERE s.model = m.model), 'it has no segment: name those whom you would write to',
        format('SELECT customer_ai.create_segment(''%s.%s_top'', %L, top => 1000)', m.scores_schema, m.model, m.model)),
    (9, scored.run IS NOT NULL AND NOT EXISTS (SELECT FROM customer_ai.schedules s WHERE s.model = m.model), 'nothing refreshes it by itself',
        format('SELECT customer_ai.schedule(%L, ''0 3 * * *'')', m.model)),
    (10, scored.run IS NOT NULL, 'its scores are a relation',
        format('SELECT * FROM %I.%I ORDER BY probability DESC LIMIT 10', m.scores_schema, m.scores_name))
) n (rank, is_so, about, statement)
WHERE n.is_so;
COMMENT ON VIEW customer_ai_internal.next_steps IS 'what each of your models waits for';

GRANT SELECT ON customer_ai_internal.next_steps TO PUBLIC;

CREATE FUNCTION customer_ai.help(topic text DEFAULT NULL)
RETURNS TABLE (topic text, about text, statement text)
LANGUAGE sql STABLE PARALLEL UNSAFE SET search_path TO pg_catalog, pg_temp AS $$
    WITH page (topic, about, statement) AS (VALUES
        ('start', 'a model is one call over a relation of events: who, when, what', 'SELECT customer_ai.create_model(''repurchase'', ''shop.orders'', goal => $g$ event = ''purchase'' $g$, outcome_window => ''30 days'')'),
        ('start', 'then look at the data, train, score', 'SELECT * FROM customer_ai.check_model(''repurchase'')'),
        ('data', 'further events of the same profiles', 'SELECT customer_ai.add_events(''repurchase'', ''shop.visits'')'),
        ('data', 'what is known about profiles, current or dated', 'SELECT customer_ai.add_profiles(''repurchase'', ''shop.customers'', valid_from_column => ''since'')'),
        ('goal', 'an SQL condition on the events after the cutoff; with an aggregate it is about all of them together', 'count(*) FILTER (WHERE event = ''purchase'') >= 3'),
        ('goal', 'that something does not happen: occurs => false, kind => ''churn''', NULL),
        ('scores', 'why somebody has a score, live', 'SELECT * FROM customer_ai.explain(''repurchase'', ''17850'')'),
        ('segments', 'a named set of profiles that remembers who entered and who left', 'SELECT customer_ai.create_segment(''shop.likely'', ''repurchase'', $g$ bucket = ''high'' $g$)'),
        ('segments', 'who entered and who left', 'SELECT * FROM customer_ai.segment_changes'),
        ('schedule', 'train if due, score, refresh segments', 'CALL customer_ai.refresh(''repurchase'')'),
        ('schedule', 'every night by pg_cron', 'SELECT customer_ai.schedule(''repurchase'', ''0 3 * * *'')'),
        ('watch', 'what is going on now', 'SELECT * FROM customer_ai.progress'),
        ('watch', 'what ran, and what failed', 'SELECT run, model, kind, status, error FROM customer_ai.runs ORDER BY run DESC'),
        ('watch', 'who changed what', 'SELECT * FROM customer_ai.audit ORDER BY at DESC'),
        ('versions', 'all trainings of a model, and the way back', 'SELECT * FROM customer_ai.rollback(''repurchase'')'),
        ('people', 'remove somebody from everything that is stored', 'SELECT * FROM customer_ai.forget(profile => ''17850'')'),
        ('recipes', 'docs/recipes.md: purchase, subscription, churn, upsell, unsubscribe, app launch, trait', NULL)),
    wish AS (SELECT lower(btrim(help.topic)) AS topic),
    row (place, rank, topic, about, statement) AS (
        SELECT 1, 0, 'start', 'you have no model yet', (SELECT p.statement FROM page p WHERE p.topic = 'start' LIMIT 1)
        WHERE (SELECT w.topic FROM wish w) IS NULL AND NOT EXISTS (SELECT FROM customer_ai.models)
        UNION ALL
        SELECT 2, s.rank, s.model, s.about, s.statement FROM customer_ai_internal.next_steps s, wish w
        WHERE w.topic IS NULL AND s.rank < 10 OR s.model = w.topic
        UNION ALL
        SELECT 3, 0, p.topic, min(p.about), format('SELECT * FROM customer_ai.help(%L)', p.topic) FROM page p, wish w
        WHERE w.topic IS NULL GROUP BY p.topic
        UNION ALL
        SELECT 4, row_number() OVER ()::int, p.topic, p.about, p.statement FROM page p, wish w WHERE p.topic = w.topic
        UNION ALL
        SELECT 5, 0, f.proname, obj_description(f.oid, 'pg_proc'),
            format('%s customer_ai.%s(%s)', CASE f.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, f.proname, pg_get_function_arguments(f.oid))
        FROM pg_proc f, wish w WHERE f.pronamespace = 'customer_ai'::regnamespace AND f.proname = w.topic
        UNION ALL
        SELECT 6, 0, c.relname, obj_description(c.oid, 'pg_class'), format('SELECT * FROM customer_ai.%s', c.relname)
        FROM pg_class c, wish w WHERE c.relnamespace = 'customer_ai'::regnamespace AND c.relkind = 'v' AND c.relname = w.topic),
    found AS (TABLE row
        UNION ALL SELECT 7, 0, 'topics', format('there is no topic, model, function or view "%s"', w.topic), 'SELECT * FROM customer_ai.help()'
        FROM wish w WHERE w.topic IS NOT NULL AND NOT EXISTS (TABLE row))
    SELECT f.topic, f.about, f.statement FROM found f ORDER BY f.place, f.topic, f.rank
$$;

SET LOCAL search_path TO customer_ai, pg_temp;
