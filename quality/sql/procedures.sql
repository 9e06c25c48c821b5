-- How one task is run: training rows at the listed cutoffs, scores at the later ones, what then happened.
CREATE EXTENSION customer_ai;

-- A task to run: what the reference implementation reaches, the entry in tasks.json, the AUC that is expected.
CREATE TABLE task (position int, name text PRIMARY KEY, reference_auc numeric, reference_log_loss numeric,
    reference_ece numeric, spec jsonb, expected numeric, se numeric, seconds numeric);
-- A profile at a cutoff: one to learn from, or, with its outcome, one to be judged by.
CREATE TABLE example (task text, profile text, cutoff timestamptz, test boolean, label boolean, probability float8);
CREATE INDEX ON example (task, cutoff, profile);
-- What the model of a seed said of the rows to be judged.
CREATE TABLE prediction (task text, seed int, profile text, cutoff timestamptz, label boolean, probability float8);

-- The seeds that a task is learned with, far apart: a model's forests take the numbers after its seed.
CREATE FUNCTION seeds() RETURNS SETOF int LANGUAGE sql AS
    $$ SELECT 1 + 100 * i FROM generate_series(0, current_setting('quality.seeds')::int - 1) i $$;

-- Training reads the rows that are not for the test. The label is given only where the task comes with labels:
-- otherwise the model finds the outcomes by its own goal.
CREATE PROCEDURE show_examples(task text, columns text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE VIEW %I AS SELECT %s FROM example WHERE task = %L AND NOT test', task || '_examples', columns, task);
END $$;

CREATE PROCEDURE learn(task text, seed int) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.alter_model(task, options => jsonb_build_object('seed', seed));
    PERFORM customer_ai.train(task, examples => (task || '_examples')::regclass, activate => 'always',
        as_of => (SELECT min(cutoff) FROM example e WHERE e.task = learn.task AND test));
END $$;

CREATE PROCEDURE keep_predictions(task text, seed int) LANGUAGE sql AS $$
    INSERT INTO prediction
    SELECT e.task, keep_predictions.seed, profile, cutoff, label, probability
    FROM example e WHERE e.task = keep_predictions.task AND test;
    UPDATE example e SET probability = NULL WHERE e.task = keep_predictions.task;
$$;

CREATE PROCEDURE finish(task text, started timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    took numeric := extract(epoch FROM clock_timestamp() - started);
BEGIN
    UPDATE task t SET seconds = took WHERE name = task;
    RAISE INFO '% took % s', task, round(took, 1);
END $$;

-- A task whose population can be said in SQL: who had an event that meets `eligible` in the last days, and of those,
-- where that is not all, who meets `also`, a condition on profile (p) and cutoff (c).
CREATE PROCEDURE run(task text, events regclass, goal text, occurs boolean DEFAULT true, eligible text DEFAULT 'true',
    eligible_window interval DEFAULT NULL, also text DEFAULT 'true', profiles regclass DEFAULT NULL)
LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    spec jsonb := (SELECT t.spec FROM task t WHERE t.name = run.task);
    span interval := make_interval(days => (spec ->> 'window_days')::int);
    key regtype := (SELECT atttypid FROM pg_attribute WHERE attrelid = events AND attname = 'profile');
    at timestamptz;
    seed int;
BEGIN
    IF spec IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format($q$
        INSERT INTO example (task, profile, cutoff, test)
        SELECT %L, p.profile, c.cutoff, c.test
        FROM (
            SELECT v::timestamptz AS cutoff, stage = 'test' AS test
            FROM unnest(ARRAY['train', 'val', 'test']) stage, jsonb_array_elements_text(%L::jsonb -> stage -> 'cutoffs') v
        ) c, LATERAL (
            SELECT DISTINCT profile FROM %s
            WHERE ts <= c.cutoff AND ts > coalesce(c.cutoff - %L::interval, '-infinity') AND (%s)
        ) p
        WHERE %s
    $q$, task, spec, events, eligible_window, eligible, also);
    ANALYZE example;
    EXECUTE format($q$
        UPDATE example x SET label = %L::boolean = EXISTS (
            SELECT FROM %s e
            WHERE e.profile = x.profile::%s AND e.ts > x.cutoff AND e.ts <= x.cutoff + %L::interval AND (%s))
        WHERE task = %L AND test
    $q$, occurs, events, key, span, goal, task);
    DELETE FROM example x WHERE x.task = run.task AND NOT test
        AND cutoff + span > (SELECT min(cutoff) FROM example e WHERE e.task = run.task AND test);

    PERFORM customer_ai.create_model(task, events, goal => goal, occurs => occurs, outcome_window => span,
        eligible => eligible, eligible_window => eligible_window,
        profile_column => 'profile', time_column => 'ts',
        type_column => (SELECT 'event' FROM pg_attribute WHERE attrelid = events AND attname = 'event'),
        options => '{"max_training_rows": 40000, "keep_runs": 1}');
    IF profiles IS NOT NULL THEN
        PERFORM customer_ai.add_profiles(task, profiles, profile_column => 'profile');
    END IF;
    CALL show_examples(task, 'profile, cutoff');
    FOR seed IN SELECT seeds() LOOP
        CALL learn(task, seed);
        FOR at IN SELECT DISTINCT cutoff FROM example e WHERE e.task = run.task AND test LOOP
            PERFORM customer_ai.score(task, as_of => at);
            EXECUTE format('UPDATE example x SET probability = s.probability FROM %I s
                WHERE x.task = %L AND x.cutoff = %L AND x.test AND x.profile = s.profile::text', task || '_scores', task, at);
        END LOOP;
        CALL keep_predictions(task, seed);
    END LOOP;
    CALL finish(task, started);
END $$;

-- The probability, or NULL of a profile that has no events up to the cutoff: predict refuses it.
CREATE FUNCTION predicted(task text, profile anyelement, cutoff timestamptz) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT p.probability FROM customer_ai.predict(task, profile, as_of => cutoff) p);
EXCEPTION WHEN undefined_object THEN
    RETURN NULL;
END $$;

-- A task of RelBench, whose rows are given: predicted one by one.
CREATE PROCEDURE run_relbench(task text, source text, events regclass, goal text)
LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    seed int;
BEGIN
    IF NOT EXISTS (SELECT FROM task t WHERE t.name = run_relbench.task) THEN
        RETURN;
    END IF;
    INSERT INTO example
    SELECT run_relbench.task, profile, cutoff, test, label = 1 FROM relbench r WHERE r.task = source;
    PERFORM customer_ai.create_model(task, events, goal => goal, outcome_window => '30 days', eligible_window => NULL,
        profile_column => 'profile', time_column => 'ts', type_column => 'event',
        options => '{"max_training_rows": 40000, "ignore": ["statusId"]}');
    PERFORM customer_ai.add_profiles(task, 'race_profile', profile_column => 'profile');
    CALL show_examples(task, 'profile, cutoff, label');
    FOR seed IN SELECT seeds() LOOP
        CALL learn(task, seed);
        UPDATE example x SET probability = predicted(x.task, x.profile, x.cutoff) WHERE x.task = run_relbench.task AND test;
        -- Of who has no events yet nothing is known but how many have the outcome.
        UPDATE example x SET probability = (SELECT avg(label::int) FROM example e WHERE e.task = x.task AND NOT e.test)
        WHERE x.task = run_relbench.task AND test AND probability IS NULL;
        CALL keep_predictions(task, seed);
    END LOOP;
    CALL finish(task, started);
END $$;
