-- What schedules call. Each step is a transaction of its own, so that a failure of one undoes no other and leaves a row
-- in runs. A procedure that commits cannot have a SET clause: every name is qualified, and no operator is used.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- One step, whose failure is taken down instead of ending the transaction. NULL: done, or skipped because the
-- model is disabled or another session does the same.
CREATE FUNCTION customer_ai_internal.refresh_step(model text, step text) RETURNS text LANGUAGE plpgsql
    SET search_path TO pg_catalog, pg_temp AS $$
DECLARE
    due text;
    trained record;
    scored record;
    state text; said text; more text; run bigint;
BEGIN
    IF (SELECT NOT m.enabled FROM customer_ai.models m WHERE m.model = refresh_step.model) THEN
        RAISE NOTICE 'model "%" is disabled, so this does not %', model, step
            USING HINT = format('Run SELECT customer_ai.enable_model(%L).', model);
        RETURN NULL;
    END IF;
    IF NOT customer_ai_internal.try_turn(model, step) THEN
        RAISE NOTICE 'model "%": another session is at it, so this one does not %', model, step;
        RETURN NULL;
    END IF;
    IF step = 'train' THEN
        due := customer_ai_internal.training_due(model);
        IF due IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    BEGIN
        IF step = 'train' THEN
            SELECT * INTO trained FROM customer_ai.train(model);
            RAISE NOTICE 'model "%": trained version %, because %', model, trained.version, due;
        ELSE
            SELECT * INTO scored FROM customer_ai.score(model);
            RAISE NOTICE 'model "%": scored % profiles as of %', model, scored.profiles, scored.as_of;
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL;
        said := concat_ws('. ', said, nullif(more, ''));
        run := customer_ai_internal.note_failure(model, step, state, said);
        RETURN format('%s %s of model "%s", run %s: %s', CASE state WHEN '57014' THEN 'cancelled' ELSE 'failed' END, step, model, run, said);
    END;
    RETURN NULL;
END $$;

CREATE PROCEDURE customer_ai.refresh(model text) LANGUAGE plpgsql AS $$
DECLARE
    training text;
    scoring text;
BEGIN
    -- Fails at once where nothing may be committed: in a transaction block or a function.
    COMMIT;
    training := customer_ai_internal.refresh_step(model, 'train');
    COMMIT;
    -- Who cancels means the whole.
    IF pg_catalog.starts_with(training, 'cancelled') THEN
        RAISE EXCEPTION '%', training USING ERRCODE = 'query_canceled';
    END IF;
    scoring := customer_ai_internal.refresh_step(model, 'score');
    COMMIT;
    IF training IS NOT NULL OR scoring IS NOT NULL THEN
        RAISE EXCEPTION 'refresh of model "%" failed', model
            USING ERRCODE = 'external_routine_exception',
                DETAIL = pg_catalog.concat_ws(E'\n', training, scoring),
                HINT = 'What went before is done and stays. SELECT * FROM customer_ai.runs shows each run with its error.';
    END IF;
END $$;

CREATE PROCEDURE customer_ai.refresh_all() LANGUAGE plpgsql AS $$
DECLARE
    names text[];
    name text;
    step text;
    failed text;
    failures text[];
BEGIN
    COMMIT;
    names := customer_ai_internal.models_to_refresh();
    FOREACH name IN ARRAY names LOOP
        FOREACH step IN ARRAY ARRAY['train', 'score'] LOOP
            failed := customer_ai_internal.refresh_step(name, step);
            COMMIT;
            IF pg_catalog.starts_with(failed, 'cancelled') THEN
                RAISE EXCEPTION '%', failed USING ERRCODE = 'query_canceled';
            END IF;
            failures := pg_catalog.array_append(failures, failed);
        END LOOP;
    END LOOP;
    failures := pg_catalog.array_remove(failures, NULL);
    IF pg_catalog.array_ndims(failures) IS NOT NULL THEN
        RAISE EXCEPTION 'refresh failed: %', pg_catalog.array_to_string(failures, '; ')
            USING ERRCODE = 'external_routine_exception',
                DETAIL = pg_catalog.format('All of %s models were gone through.', pg_catalog.cardinality(names)),
                HINT = 'SELECT * FROM customer_ai.runs shows each run with its error.';
    END IF;
END $$;

CREATE FUNCTION customer_ai_internal.models_to_refresh() RETURNS text[] LANGUAGE sql STABLE
    SET search_path TO pg_catalog, pg_temp AS
    'SELECT coalesce(array_agg(model ORDER BY model), ''{}'') FROM customer_ai.models WHERE enabled';

SET LOCAL search_path TO customer_ai, pg_temp;
