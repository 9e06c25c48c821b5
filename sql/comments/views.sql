-- What \d+ and clients show of the views of sql/views.sql and their columns.
SET LOCAL search_path TO pg_catalog, pg_temp;

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

SET LOCAL search_path TO customer_ai, pg_temp;
