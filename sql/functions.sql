-- What \df+ and clients show of functions, procedures, aggregates and types, by topic, and who may call them. Last, when all of
-- them exist.

SET LOCAL search_path TO pg_catalog, pg_temp;

-- Models: what is predicted, of whom, from what.
COMMENT ON FUNCTION customer_ai.create_model IS
    'defines a model over a relation of events and returns its name; nothing but the catalog is read; with if_not_exists a model of the same definition is left as it is';
COMMENT ON FUNCTION customer_ai.add_events IS
    'adds a further relation of events to a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.add_profiles IS
    'adds a relation of profile attributes, current or dated, to a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.add_event_definition IS
    'makes events that meet a condition events of a name: their type in features and factors, a column in conditions; with if_not_exists one of the same condition is left as it is; returns the name of the model';
COMMENT ON FUNCTION customer_ai.describe_column IS
    'says what people call a column and what its numbers are in, or with value what they call a value of it, of column event an event type; NULL takes it back; nothing is trained again';
COMMENT ON FUNCTION customer_ai.alter_model IS
    'changes parts of the definition of a model (NULL: unchanged) and says what needs a new training; options are merged key by key, a null takes an option away; remove takes parts away; owner gives the model with its scores and segments to another role; returns its name';
COMMENT ON FUNCTION customer_ai.alter_events IS
    'changes how a relation of events of a model is read (NULL: unchanged); remove takes type_column, event_type or where_clause away; returns the name of the model';
COMMENT ON FUNCTION customer_ai.alter_profiles IS
    'changes how the relation of profile attributes of a model is read (NULL: unchanged); remove takes columns or valid_from_column away; returns the name of the model';
COMMENT ON FUNCTION customer_ai.remove_events IS
    'takes a relation of events out of a model, with all that it is used for; the next training goes without it';
COMMENT ON FUNCTION customer_ai.remove_profiles IS
    'takes the relation of profile attributes out of a model; the next training goes without it';
COMMENT ON FUNCTION customer_ai.remove_event_definition IS
    'takes an event definition out of a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.rename_model IS
    'gives a model another name; its scores and segments keep theirs, its schedule goes on; returns the new name';
COMMENT ON FUNCTION customer_ai.clone_model IS
    'copies the definition of a model with its sources, without versions, runs, scores and segments; returns the new name';
COMMENT ON FUNCTION customer_ai.export_model IS
    'a model with its sources and its active version as one JSON document, for import_model in another database';
COMMENT ON FUNCTION customer_ai.import_model IS
    'makes a model of a document of export_model, by the checks of create_model; model gives it another name, events another first relation; returns its name';
COMMENT ON FUNCTION customer_ai.enable_model IS
    'lets a model be trained and scored again; returns its name';
COMMENT ON FUNCTION customer_ai.disable_model IS
    'keeps a model from being trained and scored; it still predicts live; returns its name';
COMMENT ON FUNCTION customer_ai.drop_model IS
    'drops a model with its versions and runs, and unless keep_scores its scores and segments, by force with what others built upon them; returns its name';
COMMENT ON FUNCTION customer_ai.check_model IS
    'whether the data of a model is good enough: what was found, what is required, and what to do; nothing is written';
COMMENT ON FUNCTION customer_ai.forget IS
    'removes a profile from all runs, segments and changes of segments of a model (NULL: of all models that you may use); returns how many rows of each';

-- Versions and what they say.
COMMENT ON FUNCTION customer_ai.train IS
    'learns from the events up to as_of (NULL: the newest) and makes a version; returns how well it predicts later outcomes';
COMMENT ON FUNCTION customer_ai.activate IS
    'makes a version of a model the one that scores and predictions use; returns its number';
COMMENT ON FUNCTION customer_ai.rollback IS
    'makes the version active that was active before; returns its number';
COMMENT ON FUNCTION customer_ai.label_version IS
    'gives a version a label, which keeps it from being dropped by keep_versions; NULL takes the label away; returns its number';
COMMENT ON FUNCTION customer_ai.drop_version IS
    'drops a version that is not active; runs that used it stay; returns its number';
COMMENT ON FUNCTION customer_ai.score IS
    'scores every eligible profile as of an instant (NULL: the newest event), writes the score relation and refreshes the segments';
COMMENT ON FUNCTION customer_ai.predict IS
    'scores one profile live, from its newest events, and says whether it is eligible; what_if adds an array of events to them, overrides sets single features';
COMMENT ON FUNCTION customer_ai.explain IS
    'the factors of one profile, live: impacts in log-odds that add up with the base to the prediction, in points of probability and as times as likely; small ones are summed up in one row unless every_factor';
COMMENT ON FUNCTION customer_ai.features IS
    'the features of every eligible profile as of an instant (NULL: the newest event), row by row';
COMMENT ON FUNCTION customer_ai.describe_features IS
    'the features of the active version of a model: name, readable label, the factor that each belongs to, and unit; then what there are none of, with the reason in left_out';
COMMENT ON FUNCTION customer_ai.model_sql IS
    'the active version as one SELECT over a relation features, of the columns that customer_ai.features returns: the probability of each profile';

-- How good they are, and what came true.
COMMENT ON FUNCTION customer_ai.backtest IS
    'trains as of each past cutoff and judges by what happened in its outcome window; nothing is written';
COMMENT ON FUNCTION customer_ai.backtest_profiles IS
    'what backtest predicted of every profile at each past cutoff, and what came true; nothing is written';
COMMENT ON FUNCTION customer_ai.evaluate IS
    'how good a model is, each measure with its 95 % interval: by the rows held out of a training (the active version unless one is named), or of a past run by what came true';
COMMENT ON FUNCTION customer_ai.gains IS
    'tenths of the judged rows, the most likely first: positives expected and found, their rate against that of all (lift), and the share of all positives up to there (captured)';
COMMENT ON FUNCTION customer_ai.roc IS
    'the ROC curve: taking all rows from a probability on, the shares of the negative and of the positive ones that are taken';
COMMENT ON FUNCTION customer_ai.calibration IS
    'ten bins of judged rows by probability: the mean probability (expected), and the share that came true (actual) with its 95 % interval';
COMMENT ON FUNCTION customer_ai.thresholds IS
    'for every score, taking all from it on: how many profiles and which share of them (reach), which share of the positives (captured), the share that is positive (precision), and how many in vain (wasted)';
COMMENT ON FUNCTION customer_ai.best_threshold IS
    'the score from which on reaching a profile pays most, given what that costs and what a positive outcome brings, with the profit there and that of reaching all; NULL if nobody pays';
COMMENT ON FUNCTION customer_ai.importance IS
    'the factors of a version (the active one unless one is named) with their mean absolute impact on typical profiles in log-odds, and its share of all';
COMMENT ON FUNCTION customer_ai.leaks IS
    'the features of a version that may be known only after the outcome: each alone predicts too well';
COMMENT ON FUNCTION customer_ai.summary IS
    'a scoring run (the newest unless one is named) by bucket: profiles, their share, and the positives to be expected of them';
COMMENT ON FUNCTION customer_ai.distribution IS
    'the scores of a run (the newest unless one is named) in steps: profiles, their share, the positives expected, and the bucket that a step begins in';
COMMENT ON FUNCTION customer_ai.bucket_factors IS
    'the ten factors that pushed the profiles of a bucket furthest in a run: mean impact in log-odds and as times the odds, and how many profiles it raised and lowered';
COMMENT ON FUNCTION customer_ai.drilldown IS
    'the values of a factor in a run, in bins, by bucket: profiles, their share of the bucket, the mean probability of the bin, and its share at training';
COMMENT ON FUNCTION customer_ai.trend IS
    'the scoring runs of a model one after the other: profiles by bucket and the positives expected';
COMMENT ON FUNCTION customer_ai.drift IS
    'how far the scores and the factors of a run (the newest unless one is named) are from what its version learned from: population stability index, shifted from 0.1 on, drifted from 0.25 on, with a warning';
COMMENT ON FUNCTION customer_ai.performance IS
    'every scoring run by bucket: the positives expected, and those that came true once the outcome window has passed, with the 95 % interval of their rate';
COMMENT ON FUNCTION customer_ai.count_outcomes IS
    'counts what came true of the runs whose outcome windows have passed, and keeps it, as score does; of a given run again, for events that came late; returns the runs';
COMMENT ON FUNCTION customer_ai.migration IS
    'how many profiles went from which bucket to which between two runs (the newest two unless they are named); NULL for those who are in one of them only';
COMMENT ON FUNCTION customer_ai.profile_scores IS
    'the newest scores of a profile by all models whose scores you may read';
COMMENT ON FUNCTION customer_ai.plot IS
'a chart of a model as SVG text: bucket_factors (of a bucket), calibration, distribution, drilldown (of a factor), gains, importance, lift, performance, roc, tenths or trend; of the active version and the newest run unless one is named';
COMMENT ON FUNCTION customer_ai.report IS
'one HTML page about a model, which needs nothing else: is it good, what it promised and what happened, what it depends on, examples, segments, versions, model card';

-- Segments.
COMMENT ON FUNCTION customer_ai.create_segment IS
    'creates schema.name as a materialized view of the profiles whose newest scores meet a condition, or of the top so many or so many percent of them; returns that name. A materialized view is a copy: it does not honour row-level security; live makes a view with the rights of its reader instead; with if_not_exists a segment of the same definition is left as it is';
COMMENT ON FUNCTION customer_ai.alter_segment IS
    'gives a segment another condition, size (0: all), description ('''': none) or name, and keeps its rights and its memory; what is NULL stays; returns its name';
COMMENT ON FUNCTION customer_ai.refresh_segment IS
    'refreshes a segment from the newest scores without blocking readers; returns its number of profiles';
COMMENT ON FUNCTION customer_ai.drop_segment IS
    'drops a segment with its relation and its memory; returns its name';
COMMENT ON FUNCTION customer_ai.segment_overlap IS
    'how many profiles two segments have in common, how many are in one alone, and what share of all is in both';
COMMENT ON FUNCTION customer_ai.in_segment IS
    'in the condition of a segment: whether the profile is in another one, named schema.name';
COMMENT ON FUNCTION customer_ai.has_factor IS
    'whether factors, as in a score relation, contain a factor of that name, and of that direction unless it is NULL';

-- Schedules and help.
COMMENT ON PROCEDURE customer_ai.refresh IS
    'trains a model if that is due (option retrain_every, another definition, no version), scores it and refreshes its segments, each step a transaction: CALL it outside of others; what another session is at is skipped';
COMMENT ON PROCEDURE customer_ai.refresh_all IS
    'refreshes every model that you may use, goes on after one that fails, and says at the end which did';
COMMENT ON FUNCTION customer_ai.schedule IS
    'has pg_cron refresh a model by five fields of cron, in UTC; returns the id of the job';
COMMENT ON FUNCTION customer_ai.unschedule IS
    'takes the jobs that refresh a model out of pg_cron; returns how many there were';
COMMENT ON FUNCTION customer_ai.help IS
    'what to do next: for each of your models, for one, about a topic, or about a function or view by its name';

-- Inside: whose rows of the catalogue are, and where relations are.
COMMENT ON FUNCTION customer_ai_internal.is_mine IS
    'whether the current role is the owner or a member of it; what nobody owns any more is a superuser''s';
COMMENT ON FUNCTION customer_ai_internal.owner_now IS
    'the name that the owner of a model has now';
COMMENT ON FUNCTION customer_ai_internal.relation_now IS
    'schema and name that a relation has now';
COMMENT ON FUNCTION customer_ai_internal.no_place IS
    'forgets the OIDs that a row brings from elsewhere';
COMMENT ON FUNCTION customer_ai_internal.note IS
    'notes whose a model is and where its scores are, if you may run it; returns whether it did';
COMMENT ON FUNCTION customer_ai_internal.note_row IS
    'notes whose a model is that is copied in';
COMMENT ON FUNCTION customer_ai_internal.active_version IS
    'an active version exists, and is not deleted';
COMMENT ON FUNCTION customer_ai_internal.own_row IS
    'whoever copies rows into the catalog writes in the name of a role that they are a member of';
COMMENT ON FUNCTION customer_ai_internal.is_our_own IS 'whether the extension itself is writing, and not somebody who copies rows in';
COMMENT ON FUNCTION customer_ai_internal.actor IS 'the role that acts, whoever it acts as';
COMMENT ON FUNCTION customer_ai_internal.audit_row IS 'writes what was done to a row of a definition into the audit';

-- Inside: steps of schedules.
COMMENT ON FUNCTION customer_ai_internal.jobs IS 'the jobs of pg_cron that refresh your models';
COMMENT ON FUNCTION customer_ai_internal.next_run IS 'when a schedule of cron is due next after an instant, in UTC; NULL if it is written in a way that is not known here';
COMMENT ON FUNCTION customer_ai_internal.try_turn IS 'takes the turn at a model for a step of refresh, unless another session has it';
COMMENT ON FUNCTION customer_ai_internal.training_due IS 'why a model is to be trained; NULL if it is not';
COMMENT ON FUNCTION customer_ai_internal.note_failure IS 'takes down that a step of refresh failed; returns the number of the run';
COMMENT ON FUNCTION customer_ai_internal.refresh_step IS 'trains or scores a model, and takes down and returns why that failed; NULL if it did not';
COMMENT ON FUNCTION customer_ai_internal.models_to_refresh IS 'the models that refresh_all goes through';

-- Inside: conditions and samples in queries of ours.
COMMENT ON FUNCTION customer_ai_internal.json_member IS 'the operator -> with the bytes of a key';
COMMENT ON FUNCTION customer_ai_internal.json_member_text IS 'the bytes of what the operator ->> returns, with the bytes of a key';
COMMENT ON FUNCTION customer_ai_internal.sample_place IS
    'where a profile stands among all: a sample of the profiles are those up to a place';

-- Inside: aggregates over the events of a profile, which other servers run too.
COMMENT ON TYPE customer_ai_internal.model_document IS
    'a version of a model as a value, in hexadecimal digits: what the aggregates over events predict with';
COMMENT ON FUNCTION customer_ai_internal.model_document_in IS 'reads a model document and checks it wholly';
COMMENT ON FUNCTION customer_ai_internal.model_document_out IS 'writes a model document in hexadecimal digits';
COMMENT ON FUNCTION customer_ai_internal.model_document_recv IS 'reads the bytes of a model document and checks them wholly';
COMMENT ON FUNCTION customer_ai_internal.model_document_send IS 'the bytes of a model document';
COMMENT ON AGGREGATE customer_ai_internal.event_features(customer_ai_internal.model_document, timestamptz, timestamptz, jsonb, "any",
    "any", boolean, boolean, boolean, VARIADIC "any") IS
    'features of one profile from its events, packed: what customer_ai.features runs where the events are';
COMMENT ON AGGREGATE customer_ai_internal.event_scores(customer_ai_internal.model_document, timestamptz, timestamptz, jsonb, "any",
    "any", boolean, boolean, boolean, VARIADIC "any") IS
    'prediction and factors of one profile from its events, packed: what customer_ai.score runs where the events are';
COMMENT ON AGGREGATE customer_ai_internal.event_history(timestamptz, jsonb, "any", "any", boolean, boolean, boolean, VARIADIC "any") IS
    'the events of a profile up to an instant, packed for training to read elsewhere';
COMMENT ON AGGREGATE customer_ai_internal.event_counts(timestamptz, jsonb, "any", "any", boolean, boolean, boolean, VARIADIC "any") IS
    'how many events a profile has up to an instant and when, packed for training to read elsewhere';
COMMENT ON FUNCTION customer_ai_internal.event_collect IS 'adds a row to the state of an aggregate over events';
COMMENT ON FUNCTION customer_ai_internal.event_combine IS 'adds one state of an aggregate over events to another';
COMMENT ON FUNCTION customer_ai_internal.event_serialize IS 'a state of an aggregate over events as bytes';
COMMENT ON FUNCTION customer_ai_internal.event_deserialize IS 'a state of an aggregate over events from bytes';
COMMENT ON FUNCTION customer_ai_internal.event_features_final IS 'the features of the profile whose events a state holds';
COMMENT ON FUNCTION customer_ai_internal.event_scores_final IS 'the prediction for the profile whose events a state holds';
COMMENT ON FUNCTION customer_ai_internal.event_history_collect IS 'adds a row to a history';
COMMENT ON FUNCTION customer_ai_internal.event_history_final IS 'the events that a state holds';
COMMENT ON FUNCTION customer_ai_internal.event_counts_collect IS 'adds a row to counts of events';
COMMENT ON FUNCTION customer_ai_internal.event_counts_combine IS 'adds counts of events';

-- Inside: reading with parallel workers.
COMMENT ON TYPE customer_ai_internal.job IS 'what a process is told that reads events';
COMMENT ON FUNCTION customer_ai_internal.job_in IS 'refuses any text: only the extension makes a job';
COMMENT ON FUNCTION customer_ai_internal.job_out IS 'refuses any job: it says nothing outside a running query';
COMMENT ON AGGREGATE customer_ai_internal.rows(customer_ai_internal.job, VARIADIC "any") IS
    'reads events with parallel workers: what customer_ai.train and score run over a large table';
COMMENT ON FUNCTION customer_ai_internal.rows_take IS 'takes a row into the temporary files of a process';
COMMENT ON FUNCTION customer_ai_internal.rows_combine IS 'adds what other processes have read to a state';
COMMENT ON FUNCTION customer_ai_internal.rows_serialize IS 'what a process has read, as bytes';
COMMENT ON FUNCTION customer_ai_internal.rows_deserialize IS 'what a process has read, from bytes';

-- Explicit, because a function without an ACL says nothing about what was meant: PUBLIC may call every function,
-- since each asks whose model it is.
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA customer_ai, customer_ai_internal TO PUBLIC;
-- But not the parts of aggregates and types, which are for PostgreSQL to call: it asks whether the owner of the
-- aggregate may, and for a type nobody. So who may create aggregates cannot put them into one of their own.
DO $$
DECLARE
    part regprocedure;
BEGIN
    FOR part IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'customer_ai_internal'::regnamespace
            AND (EXISTS (SELECT FROM pg_aggregate a
                    WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
                OR EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend)))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', part);
    END LOOP;
END $$;

SET LOCAL search_path TO customer_ai, pg_temp;
