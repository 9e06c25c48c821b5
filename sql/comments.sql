-- What \df+, \d+ and BI tools show of everything, and the rights on functions: last, when everything exists.
SET LOCAL search_path TO pg_catalog, pg_temp;

COMMENT ON FUNCTION customer_ai.create_model IS
    'defines a model over a relation of events and returns its name; nothing but the catalog is read; with if_not_exists a model of the same definition is left as it is';
COMMENT ON FUNCTION customer_ai.add_events IS
    'adds a further relation of events to a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.add_profiles IS
    'adds a relation of profile attributes, current or dated, to a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.alter_model IS
    'changes parts of the definition of a model (NULL: unchanged) and says what needs a new training; options are merged key by key, a null takes an option away; remove takes parts away; owner gives the model with its scores and segments to another role; returns its name';
COMMENT ON FUNCTION customer_ai.alter_events IS
    'changes how a relation of events of a model is read (NULL: unchanged); remove takes type_column, event_type or where_clause away; returns the name of the model';
COMMENT ON FUNCTION customer_ai.alter_profiles IS
    'changes how the relation of profile attributes of a model is read (NULL: unchanged); remove takes columns or valid_from_column away; returns the name of the model';
COMMENT ON FUNCTION customer_ai.rename_model IS
    'gives a model another name; its scores and segments keep theirs, its schedule goes on; returns the new name';
COMMENT ON FUNCTION customer_ai.clone_model IS
    'copies the definition of a model with its sources, without versions, runs, scores and segments; returns the new name';
COMMENT ON FUNCTION customer_ai.export_model IS
    'a model with its sources and its active version as one JSON document, for import_model in another database';
COMMENT ON FUNCTION customer_ai.import_model IS
    'makes a model of a document of export_model, by the checks of create_model; model gives it another name, events another first relation; returns its name';
COMMENT ON FUNCTION customer_ai.model_sql IS
    'the active version as one SELECT over a relation features, of the columns that customer_ai.features returns: the probability of each profile';
COMMENT ON FUNCTION customer_ai.enable_model IS
    'lets a model be trained and scored again; returns its name';
COMMENT ON FUNCTION customer_ai.disable_model IS
    'keeps a model from being trained and scored; it still predicts live; returns its name';
COMMENT ON FUNCTION customer_ai.add_event_definition IS
    'makes events that meet a condition events of a name: their type in features and factors, a column in conditions; with if_not_exists one of the same condition is left as it is; returns the name of the model';
COMMENT ON FUNCTION customer_ai.describe_column IS
    'says what people call a column and what its numbers are in, or with value what they call a value of it, of column event an event type; NULL takes it back; nothing is trained again';
COMMENT ON FUNCTION customer_ai.remove_event_definition IS
    'takes an event definition out of a model; returns the name of the model';
COMMENT ON FUNCTION customer_ai.remove_events IS
    'takes a relation of events out of a model, with all that it is used for; the next training goes without it';
COMMENT ON FUNCTION customer_ai.remove_profiles IS
    'takes the relation of profile attributes out of a model; the next training goes without it';
COMMENT ON FUNCTION customer_ai.drop_model IS
    'drops a model with its versions and runs, and unless keep_scores its scores and segments, by force with what others built upon them; returns its name';
COMMENT ON FUNCTION customer_ai.forget IS
    'removes a profile from all runs, segments and changes of segments of a model (NULL: of all models that you may use); returns how many rows of each';
COMMENT ON FUNCTION customer_ai.check_model IS
    'whether the data of a model is good enough: what was found, what is required, and what to do; nothing is written';
COMMENT ON FUNCTION customer_ai.train IS
    'learns from the events up to as_of (NULL: the newest) and makes a version; returns how well it predicts later outcomes';
COMMENT ON FUNCTION customer_ai.activate IS
    'makes a version of a model the one that scores and predictions use; returns its number';
COMMENT ON FUNCTION customer_ai.rollback IS
    'makes the version active that was active before; returns its number';
COMMENT ON FUNCTION customer_ai.drop_version IS
    'drops a version that is not active; runs that used it stay; returns its number';
COMMENT ON FUNCTION customer_ai.label_version IS
    'gives a version a label, which keeps it from being dropped by keep_versions; NULL takes the label away; returns its number';
COMMENT ON FUNCTION customer_ai.score IS
    'scores every eligible profile as of an instant (NULL: the newest event), writes the score relation and refreshes the segments';
COMMENT ON FUNCTION customer_ai.predict IS
    'scores one profile live, from its newest events, and says whether it is eligible; what_if adds an array of events to them, overrides sets single features';
COMMENT ON FUNCTION customer_ai.explain IS
    'the factors of one profile, live: impacts in log-odds that add up with the base to the prediction, in points of probability and as times as likely; small ones are summed up in one row unless every_factor';
COMMENT ON FUNCTION customer_ai.features IS
    'the features of every eligible profile as of an instant (NULL: the newest event), row by row';
COMMENT ON FUNCTION customer_ai.plot IS
'a chart of a model as SVG text: bucket_factors (of a bucket), calibration, distribution, drilldown (of a factor), gains, importance, lift, performance, roc, tenths or trend; of the active version and the newest run unless one is named';
COMMENT ON FUNCTION customer_ai.report IS
'one HTML page about a model, which needs nothing else: is it good, what it promised and what happened, what it depends on, examples, segments, versions, model card';
COMMENT ON FUNCTION customer_ai.describe_features IS
    'the features of the active version of a model: name, readable label, the factor that each belongs to, and unit; then what there are none of, with the reason in left_out';
COMMENT ON FUNCTION customer_ai.backtest IS
    'trains as of each past cutoff and judges by what happened in its outcome window; nothing is written';
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
COMMENT ON FUNCTION customer_ai.importance IS
    'the factors of a version (the active one unless one is named) with their mean absolute impact on typical profiles in log-odds, and its share of all';
COMMENT ON FUNCTION customer_ai.leaks IS
    'the features of a version that may be known only after the outcome: each alone predicts too well';
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
COMMENT ON FUNCTION customer_ai.backtest_profiles IS
    'what backtest predicted of every profile at each past cutoff, and what came true; nothing is written';
COMMENT ON FUNCTION customer_ai.create_segment IS
    'creates schema.name as a materialized view of the profiles whose newest scores meet a condition, or of the top so many or so many percent of them; returns that name. A materialized view is a copy: it does not honour row-level security; live makes a view with the rights of its reader instead; with if_not_exists a segment of the same definition is left as it is';
COMMENT ON FUNCTION customer_ai.alter_segment IS
    'gives a segment another condition, size (0: all), description ('''': none) or name, and keeps its rights and its memory; what is NULL stays; returns its name';
COMMENT ON PROCEDURE customer_ai.refresh IS
    'trains a model if that is due (option retrain_every, another definition, no version), scores it and refreshes its segments, each step a transaction: CALL it outside of others; what another session is at is skipped';
COMMENT ON PROCEDURE customer_ai.refresh_all IS
    'refreshes every model that you may use, goes on after one that fails, and says at the end which did';
COMMENT ON FUNCTION customer_ai.help IS
    'what to do next: for each of your models, for one, about a topic, or about a function or view by its name';
COMMENT ON VIEW customer_ai_internal.next_steps IS 'what each of your models waits for';
COMMENT ON FUNCTION customer_ai.schedule IS
    'has pg_cron refresh a model by five fields of cron, in UTC; returns the id of the job';
COMMENT ON FUNCTION customer_ai.unschedule IS
    'takes the jobs that refresh a model out of pg_cron; returns how many there were';
COMMENT ON FUNCTION customer_ai_internal.jobs IS 'the jobs of pg_cron that refresh your models';
COMMENT ON FUNCTION customer_ai_internal.next_run IS 'when a schedule of cron is due next after an instant, in UTC; NULL if it is written in a way that is not known here';
COMMENT ON FUNCTION customer_ai_internal.try_turn IS 'takes the turn at a model for a step of refresh, unless another session has it';
COMMENT ON FUNCTION customer_ai_internal.training_due IS 'why a model is to be trained; NULL if it is not';
COMMENT ON FUNCTION customer_ai_internal.note_failure IS 'takes down that a step of refresh failed; returns the number of the run';
COMMENT ON FUNCTION customer_ai_internal.refresh_step IS 'trains or scores a model, and takes down and returns why that failed; NULL if it did not';
COMMENT ON FUNCTION customer_ai_internal.models_to_refresh IS 'the models that refresh_all goes through';
COMMENT ON FUNCTION customer_ai_internal.is_our_own IS 'whether the extension itself is writing, and not somebody who copies rows in';
COMMENT ON FUNCTION customer_ai_internal.actor IS 'the role that acts, whoever it acts as';
COMMENT ON FUNCTION customer_ai_internal.audit_row IS 'writes what was done to a row of a definition into the audit';
COMMENT ON FUNCTION customer_ai.segment_overlap IS
    'how many profiles two segments have in common, how many are in one alone, and what share of all is in both';
COMMENT ON FUNCTION customer_ai.in_segment IS
    'in the condition of a segment: whether the profile is in another one, named schema.name';
COMMENT ON FUNCTION customer_ai.refresh_segment IS
    'refreshes a segment from the newest scores without blocking readers; returns its number of profiles';
COMMENT ON FUNCTION customer_ai.drop_segment IS
    'drops a segment with its relation and its memory; returns its name';
COMMENT ON FUNCTION customer_ai.has_factor IS
    'whether factors, as in a score relation, contain a factor of that name, and of that direction unless it is NULL';
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

COMMENT ON TYPE customer_ai_internal.model_document IS
    'a version of a model as a value, in hexadecimal digits: what the aggregates over events predict with';
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
COMMENT ON FUNCTION customer_ai_internal.json_member IS 'the operator -> with the bytes of a key';
COMMENT ON FUNCTION customer_ai_internal.json_member_text IS 'the bytes of what the operator ->> returns, with the bytes of a key';
COMMENT ON FUNCTION customer_ai_internal.sample_place IS
    'where a profile stands among all: a sample of the profiles are those up to a place';
COMMENT ON FUNCTION customer_ai_internal.model_document_in IS 'reads a model document and checks it wholly';
COMMENT ON FUNCTION customer_ai_internal.model_document_out IS 'writes a model document in hexadecimal digits';
COMMENT ON FUNCTION customer_ai_internal.model_document_recv IS 'reads the bytes of a model document and checks them wholly';
COMMENT ON FUNCTION customer_ai_internal.model_document_send IS 'the bytes of a model document';
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
COMMENT ON TYPE customer_ai_internal.job IS 'what a process is told that reads events';
COMMENT ON FUNCTION customer_ai_internal.job_in IS 'refuses any text: only the extension makes a job';
COMMENT ON FUNCTION customer_ai_internal.job_out IS 'refuses any job: it says nothing outside a running query';
COMMENT ON AGGREGATE customer_ai_internal.rows(customer_ai_internal.job, VARIADIC "any") IS
    'reads events with parallel workers: what customer_ai.train and score run over a large table';
COMMENT ON FUNCTION customer_ai_internal.rows_take IS 'takes a row into the temporary files of a process';
COMMENT ON FUNCTION customer_ai_internal.rows_combine IS 'adds what other processes have read to a state';
COMMENT ON FUNCTION customer_ai_internal.rows_serialize IS 'what a process has read, as bytes';
COMMENT ON FUNCTION customer_ai_internal.rows_deserialize IS 'what a process has read, from bytes';

COMMENT ON TABLE customer_ai.model IS 'models: what is predicted, of whom, from what';
COMMENT ON COLUMN customer_ai.model.id IS 'key';
COMMENT ON COLUMN customer_ai.model.name IS 'name of the model';
COMMENT ON COLUMN customer_ai.model.owner IS 'role with whose rights the model runs';
COMMENT ON COLUMN customer_ai.model.owner_oid IS 'OID of that role when it was last noted';
COMMENT ON COLUMN customer_ai.model.kind IS 'conversion: a high score is good; churn: a low score is good';
COMMENT ON COLUMN customer_ai.model.goal IS 'condition on the events of the outcome window';
COMMENT ON COLUMN customer_ai.model.goal_sql IS 'what runs of the goal: every name qualified as it was found when the goal was defined';
COMMENT ON COLUMN customer_ai.model.goal_aggregates IS 'whether the goal is about the events of the window together, not about one event';
COMMENT ON COLUMN customer_ai.model.occurs IS 'true: that the goal happens is predicted; false: that it does not';
COMMENT ON COLUMN customer_ai.model.outcome_window IS 'how far after a cutoff the goal looks';
COMMENT ON COLUMN customer_ai.model.eligible IS 'condition on the events of the eligible window; NULL: any event';
COMMENT ON COLUMN customer_ai.model.eligible_sql IS 'what runs of eligible';
COMMENT ON COLUMN customer_ai.model.eligible_aggregates IS 'whether eligible is about the events of the window together';
COMMENT ON COLUMN customer_ai.model.eligible_window IS 'how far before a cutoff eligible looks; NULL: ever';
COMMENT ON COLUMN customer_ai.model.exclude IS 'condition on the events of the exclude window of profiles to leave out';
COMMENT ON COLUMN customer_ai.model.exclude_sql IS 'what runs of exclude';
COMMENT ON COLUMN customer_ai.model.exclude_window IS 'how far before a cutoff exclude looks; NULL: ever';
COMMENT ON COLUMN customer_ai.model.exclude_aggregates IS 'whether exclude is about those events together';
COMMENT ON COLUMN customer_ai.model.description IS 'in the words of who created it';
COMMENT ON COLUMN customer_ai.model.options IS 'options as given; what is not in it has its default';
COMMENT ON COLUMN customer_ai.model.attributes_sql IS 'what runs of the expressions of the option attributes, by name';
COMMENT ON COLUMN customer_ai.model.time_zone IS 'time zone of timestamps without one, of dates and of conditions';
COMMENT ON COLUMN customer_ai.model.scores_schema IS 'schema of the score relation';
COMMENT ON COLUMN customer_ai.model.scores_name IS 'name of the score relation';
COMMENT ON COLUMN customer_ai.model.scores_oid IS 'OID of the score relation when it was last noted';
COMMENT ON COLUMN customer_ai.model.scores_schema_oid IS 'OID of its schema when it was last noted';
COMMENT ON COLUMN customer_ai.model.place IS 'database and cluster in which the OIDs were noted';
COMMENT ON COLUMN customer_ai.model.enabled IS 'whether it may be trained and scored';
COMMENT ON COLUMN customer_ai.model.active_version IS 'number of the version that scores; NULL before the first training';
COMMENT ON COLUMN customer_ai.model.former_versions IS 'versions that were active before, the last one at the end';
COMMENT ON COLUMN customer_ai.model.created_at IS 'when it was created';
COMMENT ON COLUMN customer_ai.model.altered_at IS 'when its definition was last altered';

COMMENT ON TABLE customer_ai.event_source IS 'relations of events of a model';
COMMENT ON COLUMN customer_ai.event_source.id IS 'key';
COMMENT ON COLUMN customer_ai.event_source.model_id IS 'model';
COMMENT ON COLUMN customer_ai.event_source.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.event_source.position IS 'order in which the sources were added, from 1';
COMMENT ON COLUMN customer_ai.event_source.schema_name IS 'schema of the relation';
COMMENT ON COLUMN customer_ai.event_source.relation_name IS 'name of the relation';
COMMENT ON COLUMN customer_ai.event_source.relation_oid IS 'OID of the relation when it was last noted';
COMMENT ON COLUMN customer_ai.event_source.place IS 'database and cluster in which the OID was noted';
COMMENT ON COLUMN customer_ai.event_source.label IS 'what the source is called in conditions and event types: its name when it was added';
COMMENT ON COLUMN customer_ai.event_source.profile_column IS 'whose event it is';
COMMENT ON COLUMN customer_ai.event_source.time_column IS 'when it happened';
COMMENT ON COLUMN customer_ai.event_source.type_column IS 'what kind of event it is, by row';
COMMENT ON COLUMN customer_ai.event_source.event_type IS 'what kind of event all rows are';
COMMENT ON COLUMN customer_ai.event_source.where_clause IS 'which rows are events; NULL: all';
COMMENT ON COLUMN customer_ai.event_source.where_sql IS 'what runs of where_clause';

COMMENT ON TABLE customer_ai.profile_source IS 'relations of profile attributes of a model';
COMMENT ON COLUMN customer_ai.profile_source.id IS 'key';
COMMENT ON COLUMN customer_ai.profile_source.model_id IS 'model';
COMMENT ON COLUMN customer_ai.profile_source.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.profile_source.position IS 'order in which the sources were added, from 1';
COMMENT ON COLUMN customer_ai.profile_source.schema_name IS 'schema of the relation';
COMMENT ON COLUMN customer_ai.profile_source.relation_name IS 'name of the relation';
COMMENT ON COLUMN customer_ai.profile_source.relation_oid IS 'OID of the relation when it was last noted';
COMMENT ON COLUMN customer_ai.profile_source.place IS 'database and cluster in which the OID was noted';
COMMENT ON COLUMN customer_ai.profile_source.profile_column IS 'whose attributes they are';
COMMENT ON COLUMN customer_ai.profile_source.columns IS 'columns to use; NULL: all that can be used';
COMMENT ON COLUMN customer_ai.profile_source.valid_from_column IS 'from when on a row is in force; NULL: one current row for each profile';

COMMENT ON TABLE customer_ai.event_definition IS 'events of models by a condition, with a name of their own';
COMMENT ON COLUMN customer_ai.event_definition.id IS 'key; of several that a row meets the first one counts';
COMMENT ON COLUMN customer_ai.event_definition.model_id IS 'model';
COMMENT ON COLUMN customer_ai.event_definition.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.event_definition.name IS 'type of these events in features and factors, and column in conditions';
COMMENT ON COLUMN customer_ai.event_definition.condition IS 'which events they are';
COMMENT ON COLUMN customer_ai.event_definition.condition_sql IS 'what runs of the condition';
COMMENT ON TABLE customer_ai.label IS 'what people call columns, event types and values';
COMMENT ON COLUMN customer_ai.label.id IS 'key';
COMMENT ON COLUMN customer_ai.label.model_id IS 'model';
COMMENT ON COLUMN customer_ai.label.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.label.column_name IS 'column; event: the type of an event';
COMMENT ON COLUMN customer_ai.label.value IS 'value of the column; empty: the column itself';
COMMENT ON COLUMN customer_ai.label.label IS 'what it is called; NULL: its name';
COMMENT ON COLUMN customer_ai.label.unit IS 'what the numbers of the column are in';
COMMENT ON TABLE customer_ai.version IS 'versions of models: each training makes one';
COMMENT ON COLUMN customer_ai.version.id IS 'key';
COMMENT ON COLUMN customer_ai.version.model_id IS 'model';
COMMENT ON COLUMN customer_ai.version.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.version.number IS 'number of the version of its model, from 1';
COMMENT ON COLUMN customer_ai.version.label IS 'name given to it; a version with a label is kept';
COMMENT ON COLUMN customer_ai.version.format IS 'format of the document';
COMMENT ON COLUMN customer_ai.version.algorithm IS 'learner that was chosen';
COMMENT ON COLUMN customer_ai.version.trained_at IS 'when it was trained';
COMMENT ON COLUMN customer_ai.version.as_of IS 'instant after which nothing was read';
COMMENT ON COLUMN customer_ai.version.cutoffs IS 'instants that it learned at';
COMMENT ON COLUMN customer_ai.version.rows IS 'examples that it learned from';
COMMENT ON COLUMN customer_ai.version.positives IS 'examples with a positive outcome';
COMMENT ON COLUMN customer_ai.version.auc IS 'area under the ROC curve at later cutoffs than it learned from';
COMMENT ON COLUMN customer_ai.version.auc_low IS 'lower end of the 95 % interval of auc';
COMMENT ON COLUMN customer_ai.version.auc_high IS 'upper end of the 95 % interval of auc';
COMMENT ON COLUMN customer_ai.version.report IS 'everything that training measured';
COMMENT ON COLUMN customer_ai.version.definition IS 'what the definition said that it learned from';
COMMENT ON COLUMN customer_ai.version.judgement IS 'probabilities and outcomes of the rows held out';
COMMENT ON COLUMN customer_ai.version.distribution IS 'scores and values of factors that it learned from, in bins';
COMMENT ON COLUMN customer_ai.version.document IS 'the version itself';

COMMENT ON TABLE customer_ai.run IS 'trainings and scorings';
COMMENT ON COLUMN customer_ai.run.id IS 'number of the run, over all models';
COMMENT ON COLUMN customer_ai.run.model_id IS 'model';
COMMENT ON COLUMN customer_ai.run.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.run.kind IS 'train or score';
COMMENT ON COLUMN customer_ai.run.version IS 'version that was made or used';
COMMENT ON COLUMN customer_ai.run.as_of IS 'instant after which nothing was read';
COMMENT ON COLUMN customer_ai.run.started_at IS 'when it began';
COMMENT ON COLUMN customer_ai.run.finished_at IS 'when it ended';
COMMENT ON COLUMN customer_ai.run.profiles IS 'profiles learned from or scored';
COMMENT ON COLUMN customer_ai.run.low IS 'profiles in the low bucket';
COMMENT ON COLUMN customer_ai.run.medium IS 'profiles in the medium bucket';
COMMENT ON COLUMN customer_ai.run.high IS 'profiles in the high bucket';
COMMENT ON COLUMN customer_ai.run.percentiles IS 'probabilities at which the percentiles begin';
COMMENT ON COLUMN customer_ai.run.skipped IS 'rows that were left out, by reason';
COMMENT ON COLUMN customer_ai.run.figures IS 'what a scoring is summed up in';
COMMENT ON COLUMN customer_ai.run.published IS 'whether its scores are shown; those of others are in the history with the number of the run below zero';
COMMENT ON COLUMN customer_ai.run.detail IS 'what else is known of the run';

COMMENT ON TABLE customer_ai.outcome IS 'what came true of scoring runs, counted when their outcome windows had passed';
COMMENT ON COLUMN customer_ai.outcome.run_id IS 'run';
COMMENT ON COLUMN customer_ai.outcome.model_id IS 'model';
COMMENT ON COLUMN customer_ai.outcome.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.outcome.counted_at IS 'when the events were asked; a row from before the model was altered does not count';
COMMENT ON COLUMN customer_ai.outcome.profiles IS 'profiles in the low, medium and high bucket';
COMMENT ON COLUMN customer_ai.outcome.positives IS 'how many of them met the goal';
COMMENT ON COLUMN customer_ai.outcome.judgement IS 'each probability with what came of it';
COMMENT ON TABLE customer_ai.segment IS 'segments of models';
COMMENT ON COLUMN customer_ai.segment.id IS 'key';
COMMENT ON COLUMN customer_ai.segment.model_id IS 'model';
COMMENT ON COLUMN customer_ai.segment.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.segment.schema_name IS 'schema of the materialized view';
COMMENT ON COLUMN customer_ai.segment.segment_name IS 'name of the materialized view';
COMMENT ON COLUMN customer_ai.segment.relation_oid IS 'OID of the materialized view when it was last noted';
COMMENT ON COLUMN customer_ai.segment.place IS 'database and cluster in which the OID was noted';
COMMENT ON COLUMN customer_ai.segment.condition IS 'condition that its profiles meet';
COMMENT ON COLUMN customer_ai.segment.condition_sql IS 'what runs of the condition: every name qualified as it was found when it was defined';
COMMENT ON COLUMN customer_ai.segment.top IS 'how many are taken at most, the highest scores first';
COMMENT ON COLUMN customer_ai.segment.top_percent IS 'what share of them is taken, the highest scores first';
COMMENT ON COLUMN customer_ai.segment.live IS 'true: a view with the rights of its reader; false: a materialized view';
COMMENT ON COLUMN customer_ai.segment.description IS 'in the words of who created it';
COMMENT ON COLUMN customer_ai.segment.created_at IS 'when it was created';
COMMENT ON COLUMN customer_ai.segment.refreshed_at IS 'when it was last refreshed';
COMMENT ON COLUMN customer_ai.segment.profiles IS 'profiles in it at the last refresh';

COMMENT ON TABLE customer_ai.failed_run IS 'runs of refresh that ended with an error';
COMMENT ON COLUMN customer_ai.failed_run.id IS 'key, of the numbers of runs';
COMMENT ON COLUMN customer_ai.failed_run.model_id IS 'model';
COMMENT ON COLUMN customer_ai.failed_run.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.failed_run.kind IS 'train or score';
COMMENT ON COLUMN customer_ai.failed_run.started_at IS 'when it began';
COMMENT ON COLUMN customer_ai.failed_run.finished_at IS 'when it failed';
COMMENT ON COLUMN customer_ai.failed_run.sqlstate IS 'code of the error; 57014: cancelled';
COMMENT ON COLUMN customer_ai.failed_run.error IS 'message and detail';
COMMENT ON TABLE customer_ai.audit_entry IS 'what was done to definitions of models';
COMMENT ON COLUMN customer_ai.audit_entry.id IS 'key';
COMMENT ON COLUMN customer_ai.audit_entry.at IS 'when';
COMMENT ON COLUMN customer_ai.audit_entry.role IS 'who did it';
COMMENT ON COLUMN customer_ai.audit_entry.owner IS 'owner of the model then, who may see it';
COMMENT ON COLUMN customer_ai.audit_entry.model IS 'name of the model then';
COMMENT ON COLUMN customer_ai.audit_entry.action IS 'what was done';
COMMENT ON COLUMN customer_ai.audit_entry.object IS 'to what';
COMMENT ON COLUMN customer_ai.audit_entry.old IS 'what it was, as far as it was altered';
COMMENT ON COLUMN customer_ai.audit_entry.new IS 'what it is since';

COMMENT ON TABLE customer_ai.segment_refresh IS 'refreshes of segments';
COMMENT ON COLUMN customer_ai.segment_refresh.id IS 'key';
COMMENT ON COLUMN customer_ai.segment_refresh.model_id IS 'model';
COMMENT ON COLUMN customer_ai.segment_refresh.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.segment_refresh.segment_id IS 'segment';
COMMENT ON COLUMN customer_ai.segment_refresh.at IS 'when';
COMMENT ON COLUMN customer_ai.segment_refresh.run IS 'the scoring whose scores it is made of';
COMMENT ON COLUMN customer_ai.segment_refresh.profiles IS 'profiles in the segment then';
COMMENT ON COLUMN customer_ai.segment_refresh.entered IS 'profiles that were not in it before; NULL: not known, as of the first contents';
COMMENT ON COLUMN customer_ai.segment_refresh.gone IS 'profiles that were in it before and are not any more';
COMMENT ON TABLE customer_ai.segment_change IS 'who entered or left a segment by a refresh';
COMMENT ON COLUMN customer_ai.segment_change.refresh_id IS 'refresh';
COMMENT ON COLUMN customer_ai.segment_change.profile IS 'key of the profile, as text';
COMMENT ON COLUMN customer_ai.segment_change.model_id IS 'model';
COMMENT ON COLUMN customer_ai.segment_change.owner IS 'owner of the model; a row of another owner does not count';
COMMENT ON COLUMN customer_ai.segment_change.entered IS 'true: entered; false: left';

COMMENT ON VIEW customer_ai.models IS 'models that you may use, with their active version and their newest scores';
COMMENT ON COLUMN customer_ai.models.model IS 'name of the model';
COMMENT ON COLUMN customer_ai.models.owner IS 'role with whose rights it runs';
COMMENT ON COLUMN customer_ai.models.events IS 'relation of its first events';
COMMENT ON COLUMN customer_ai.models.kind IS 'conversion: a high score is good; churn: a low score is good';
COMMENT ON COLUMN customer_ai.models.goal IS 'condition that is predicted';
COMMENT ON COLUMN customer_ai.models.occurs IS 'true: that the goal happens is predicted; false: that it does not';
COMMENT ON COLUMN customer_ai.models.outcome_window IS 'how far ahead the goal looks';
COMMENT ON COLUMN customer_ai.models.eligible IS 'condition on who is scored; NULL: any event';
COMMENT ON COLUMN customer_ai.models.eligible_window IS 'how far back eligible looks; NULL: ever';
COMMENT ON COLUMN customer_ai.models.exclude IS 'condition on who is left out';
COMMENT ON COLUMN customer_ai.models.exclude_window IS 'how far back exclude looks; NULL: ever';
COMMENT ON COLUMN customer_ai.models.description IS 'in the words of who created it';
COMMENT ON COLUMN customer_ai.models.scores_schema IS 'schema of the score relation';
COMMENT ON COLUMN customer_ai.models.scores_name IS 'name of the score relation';
COMMENT ON COLUMN customer_ai.models.enabled IS 'whether it may be trained and scored';
COMMENT ON COLUMN customer_ai.models.active_version IS 'version that scores; NULL before the first training';
COMMENT ON COLUMN customer_ai.models.former_version IS 'version that rollback goes back to';
COMMENT ON COLUMN customer_ai.models.trained_at IS 'when the active version was trained';
COMMENT ON COLUMN customer_ai.models.auc IS 'area under the ROC curve of the active version, on held-out rows';
COMMENT ON COLUMN customer_ai.models.scored_at IS 'when the newest scores were made';
COMMENT ON COLUMN customer_ai.models.profiles IS 'profiles in the newest scores';
COMMENT ON COLUMN customer_ai.models.time_zone IS 'time zone of timestamps without one, of dates and of conditions';
COMMENT ON COLUMN customer_ai.models.options IS 'options as given; what is not in it has its default';
COMMENT ON COLUMN customer_ai.models.created_at IS 'when it was created';
COMMENT ON COLUMN customer_ai.models.altered_at IS 'when its definition was last altered';
COMMENT ON VIEW customer_ai_internal.definition IS 'what the definition of a model says that a version learns from';
COMMENT ON VIEW customer_ai.sources IS 'relations that the models that you may use read: of events and of profile attributes';
COMMENT ON COLUMN customer_ai.sources.model IS 'model';
COMMENT ON COLUMN customer_ai.sources.holds IS 'events or profiles';
COMMENT ON COLUMN customer_ai.sources.relation IS 'schema and name of the relation';
COMMENT ON COLUMN customer_ai.sources.profile_column IS 'whose events or attributes they are';
COMMENT ON COLUMN customer_ai.sources.time_column IS 'when an event happened; from when on attributes are in force';
COMMENT ON COLUMN customer_ai.sources.type_column IS 'what kind of event it is, by row';
COMMENT ON COLUMN customer_ai.sources.event_type IS 'what kind of event all rows are';
COMMENT ON COLUMN customer_ai.sources.where_clause IS 'which rows are events; NULL: all';
COMMENT ON COLUMN customer_ai.sources.columns IS 'attributes to use; NULL: all that can be used';
COMMENT ON VIEW customer_ai.event_definitions IS 'events by a condition of the models that you may use';
COMMENT ON COLUMN customer_ai.event_definitions.model IS 'model';
COMMENT ON COLUMN customer_ai.event_definitions.name IS 'type of these events';
COMMENT ON COLUMN customer_ai.event_definitions.condition IS 'which events they are';
COMMENT ON VIEW customer_ai.labels IS 'what columns, event types and values are called in the models that you may use';
COMMENT ON COLUMN customer_ai.labels.model IS 'model';
COMMENT ON COLUMN customer_ai.labels.column_name IS 'column; event: the type of an event';
COMMENT ON COLUMN customer_ai.labels.value IS 'value of the column; NULL: the column itself';
COMMENT ON COLUMN customer_ai.labels.label IS 'what it is called';
COMMENT ON COLUMN customer_ai.labels.unit IS 'what the numbers of the column are in';
COMMENT ON VIEW customer_ai.versions IS 'versions of the models that you may use, with how well they predict';
COMMENT ON COLUMN customer_ai.versions.model IS 'model';
COMMENT ON COLUMN customer_ai.versions.version IS 'number of the version of its model, from 1';
COMMENT ON COLUMN customer_ai.versions.active IS 'whether it is what scores';
COMMENT ON COLUMN customer_ai.versions.label IS 'name given to it; a version with a label is kept';
COMMENT ON COLUMN customer_ai.versions.algorithm IS 'learner that was chosen';
COMMENT ON COLUMN customer_ai.versions.trained_at IS 'when it was trained';
COMMENT ON COLUMN customer_ai.versions.as_of IS 'instant after which nothing was read';
COMMENT ON COLUMN customer_ai.versions.cutoffs IS 'how many instants it learned at';
COMMENT ON COLUMN customer_ai.versions.first_cutoff IS 'the first of them';
COMMENT ON COLUMN customer_ai.versions.last_cutoff IS 'the last of them';
COMMENT ON COLUMN customer_ai.versions.rows IS 'examples that it learned from';
COMMENT ON COLUMN customer_ai.versions.positives IS 'examples with a positive outcome';
COMMENT ON COLUMN customer_ai.versions.auc IS 'area under the ROC curve on held-out rows';
COMMENT ON COLUMN customer_ai.versions.auc_low IS 'lower end of the 95 % interval of auc';
COMMENT ON COLUMN customer_ai.versions.auc_high IS 'upper end of the 95 % interval of auc';
COMMENT ON COLUMN customer_ai.versions.bytes IS 'size of the version';
COMMENT ON VIEW customer_ai.version_reports IS 'everything that the trainings of the models that you may use have measured';
COMMENT ON COLUMN customer_ai.version_reports.model IS 'model';
COMMENT ON COLUMN customer_ai.version_reports.version IS 'number of the version';
COMMENT ON COLUMN customer_ai.version_reports.report IS 'everything that training measured';
COMMENT ON VIEW customer_ai.runs IS 'trainings and scorings of the models that you may use; those that failed where refresh ran them';
COMMENT ON COLUMN customer_ai.runs.run IS 'number of the run, over all models';
COMMENT ON COLUMN customer_ai.runs.model IS 'model';
COMMENT ON COLUMN customer_ai.runs.kind IS 'train or score';
COMMENT ON COLUMN customer_ai.runs.version IS 'version that was made or used';
COMMENT ON COLUMN customer_ai.runs.as_of IS 'instant after which nothing was read';
COMMENT ON COLUMN customer_ai.runs.started_at IS 'when it began';
COMMENT ON COLUMN customer_ai.runs.finished_at IS 'when it ended';
COMMENT ON COLUMN customer_ai.runs.seconds IS 'how long it took';
COMMENT ON COLUMN customer_ai.runs.profiles IS 'profiles learned from or scored';
COMMENT ON COLUMN customer_ai.runs.low IS 'profiles in the low bucket';
COMMENT ON COLUMN customer_ai.runs.medium IS 'profiles in the medium bucket';
COMMENT ON COLUMN customer_ai.runs.high IS 'profiles in the high bucket';
COMMENT ON COLUMN customer_ai.runs.published IS 'whether its scores are shown';
COMMENT ON COLUMN customer_ai.runs.skipped IS 'rows that were left out, by reason';
COMMENT ON COLUMN customer_ai.runs.detail IS 'what else is known of the run';
COMMENT ON COLUMN customer_ai.runs.status IS 'succeeded, failed or cancelled';
COMMENT ON COLUMN customer_ai.runs.error IS 'message and detail of what failed';
COMMENT ON VIEW customer_ai.progress IS 'what backends are doing with the models that you may use; seconds_left where rows are counted';
COMMENT ON COLUMN customer_ai.progress.pid IS 'process at work';
COMMENT ON COLUMN customer_ai.progress.model IS 'model';
COMMENT ON COLUMN customer_ai.progress.verb IS 'what was called';
COMMENT ON COLUMN customer_ai.progress.phase IS 'what it is at';
COMMENT ON COLUMN customer_ai.progress.done IS 'rows done in this phase';
COMMENT ON COLUMN customer_ai.progress.expected IS 'rows expected in this phase; NULL: not known';
COMMENT ON COLUMN customer_ai.progress.started_at IS 'when it began';
COMMENT ON COLUMN customer_ai.progress.seconds_left IS 'seconds until the phase ends, where rows are counted';
COMMENT ON VIEW customer_ai.audit IS 'who did what to the definitions of the models that you may use, and when';
COMMENT ON COLUMN customer_ai.audit.at IS 'when';
COMMENT ON COLUMN customer_ai.audit.role IS 'who did it';
COMMENT ON COLUMN customer_ai.audit.model IS 'name of the model then';
COMMENT ON COLUMN customer_ai.audit.action IS 'what was done';
COMMENT ON COLUMN customer_ai.audit.object IS 'to what';
COMMENT ON COLUMN customer_ai.audit.old IS 'what it was, as far as it was altered';
COMMENT ON COLUMN customer_ai.audit.new IS 'what it is since';
COMMENT ON VIEW customer_ai.schedules IS 'jobs of pg_cron that refresh the models that you may use; stale: the newest scores are as of longer ago than the outcome window';
COMMENT ON COLUMN customer_ai.schedules.model IS 'model';
COMMENT ON COLUMN customer_ai.schedules.schedule IS 'five fields of cron, in UTC';
COMMENT ON COLUMN customer_ai.schedules.job IS 'number of the job in pg_cron';
COMMENT ON COLUMN customer_ai.schedules.role IS 'who the job runs as';
COMMENT ON COLUMN customer_ai.schedules.active IS 'whether it runs';
COMMENT ON COLUMN customer_ai.schedules.next_run IS 'when it is due';
COMMENT ON COLUMN customer_ai.schedules.last_run IS 'when it last began';
COMMENT ON COLUMN customer_ai.schedules.last_status IS 'how that ended';
COMMENT ON COLUMN customer_ai.schedules.last_error IS 'what it said, if it failed';
COMMENT ON COLUMN customer_ai.schedules.scored_as_of IS 'instant that the newest scores look back from';
COMMENT ON COLUMN customer_ai.schedules.stale IS 'whether that is longer ago than the outcome window';
COMMENT ON VIEW customer_ai.segment_changes IS 'who entered and who left the segments of the models that you may use, and by which scoring; the first contents of a segment are no changes';
COMMENT ON COLUMN customer_ai.segment_changes.segment IS 'schema and name of the segment';
COMMENT ON COLUMN customer_ai.segment_changes.model IS 'model';
COMMENT ON COLUMN customer_ai.segment_changes.profile IS 'key of the profile, as text';
COMMENT ON COLUMN customer_ai.segment_changes.change IS 'entered or left';
COMMENT ON COLUMN customer_ai.segment_changes.at IS 'when the segment was refreshed';
COMMENT ON COLUMN customer_ai.segment_changes.run IS 'scoring whose scores it was made of';
COMMENT ON VIEW customer_ai.segment_sizes IS 'how many profiles each refresh of a segment found, and how many had entered and gone';
COMMENT ON COLUMN customer_ai.segment_sizes.segment IS 'schema and name of the segment';
COMMENT ON COLUMN customer_ai.segment_sizes.model IS 'model';
COMMENT ON COLUMN customer_ai.segment_sizes.at IS 'when it was refreshed';
COMMENT ON COLUMN customer_ai.segment_sizes.run IS 'scoring whose scores it was made of';
COMMENT ON COLUMN customer_ai.segment_sizes.profiles IS 'profiles in it then';
COMMENT ON COLUMN customer_ai.segment_sizes.entered IS 'profiles that were not in it before; NULL: the first contents';
COMMENT ON COLUMN customer_ai.segment_sizes.gone IS 'profiles that were in it before and are not any more';
COMMENT ON VIEW customer_ai.segments IS 'segments of the models that you may use, with their size; a segment is a materialized view, a copy that does not honour row-level security';
COMMENT ON COLUMN customer_ai.segments.segment IS 'schema and name of the segment';
COMMENT ON COLUMN customer_ai.segments.model IS 'model';
COMMENT ON COLUMN customer_ai.segments.condition IS 'condition that its profiles meet';
COMMENT ON COLUMN customer_ai.segments.top IS 'how many are taken at most, the highest scores first';
COMMENT ON COLUMN customer_ai.segments.top_percent IS 'what share of them is taken, the highest scores first';
COMMENT ON COLUMN customer_ai.segments.live IS 'true: a view with the rights of its reader; false: a materialized view';
COMMENT ON COLUMN customer_ai.segments.description IS 'in the words of who created it';
COMMENT ON COLUMN customer_ai.segments.profiles IS 'profiles in it at the last refresh';
COMMENT ON COLUMN customer_ai.segments.created_at IS 'when it was created';
COMMENT ON COLUMN customer_ai.segments.refreshed_at IS 'when it was last refreshed';

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
