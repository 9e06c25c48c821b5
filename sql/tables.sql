-- The catalog: one row for each model, source, version, run and segment. Relations and roles are kept by name: a name
-- survives dump and restore. Their OIDs are notes, good in the place (database and cluster) where they were made: what was
-- renamed or moved is found by them (src/catalog/place.rs), and a new role is told from one that had its name (src/catalog/owner.rs).
--
-- No foreign keys: a parallel restore fills the tables in any order. src/catalog deletes what belongs to a model with
-- it. Every row says whose it is instead: a row counts only for a model of the same owner (sql/grants.sql says why).
--
-- search_path is pinned throughout the script: the schema may have been filled by somebody else.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- pgrx reads text as UTF-8 and could only fail in the middle of a call.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION 'customer_ai needs a database with encoding UTF8'
            USING ERRCODE = 'feature_not_supported',
                DETAIL = pg_catalog.format('The encoding of database "%s" is %s.',
                    pg_catalog.current_database(), pg_catalog.getdatabaseencoding()),
                HINT = 'Create a database with: CREATE DATABASE name ENCODING ''UTF8'' TEMPLATE template0';
    END IF;
END $$;

-- The schema that people use. It is part of the extension, so that no dump creates it beside the extension. One that is
-- there already is used as it is, unless it is somebody else's, who could put functions of the same names beside ours.
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) 'customer_ai')
    THEN
        CREATE SCHEMA customer_ai;
    ELSIF NOT EXISTS (
        SELECT FROM pg_catalog.pg_namespace n
        WHERE n.nspname OPERATOR(pg_catalog.=) 'customer_ai'
            AND pg_catalog.pg_get_userbyid(n.nspowner) OPERATOR(pg_catalog.=) current_user)
    THEN
        RAISE EXCEPTION 'schema "customer_ai" belongs to another role'
            USING ERRCODE = 'duplicate_schema',
                HINT = 'Drop or rename it, then create the extension again; it creates its schema itself.';
    END IF;
END $$;

-- What the extension calls itself: parts of aggregates and types, what it asks of other servers, what views and triggers ask.
CREATE SCHEMA customer_ai_internal;

-- A name reaches the names of relations, dumps, logs and JSON; 48 bytes leave room for "_score_history".
CREATE TABLE customer_ai.model (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name COLLATE pg_catalog."C" ~ '^[a-z_][a-z0-9_]{0,47}$'),
    owner name NOT NULL,
    owner_oid oid,
    kind text NOT NULL CHECK (kind IN ('conversion', 'churn')),
    goal text NOT NULL CHECK (goal <> ''),
    goal_sql text NOT NULL CHECK (goal_sql <> ''),
    goal_aggregates boolean NOT NULL,
    occurs boolean NOT NULL,
    outcome_window interval NOT NULL CHECK (outcome_window > interval '0'),
    eligible text CHECK (eligible <> ''),
    eligible_sql text CHECK ((eligible_sql IS NULL) = (eligible IS NULL)),
    eligible_aggregates boolean CHECK ((eligible_aggregates IS NULL) = (eligible IS NULL)),
    eligible_window interval CHECK (eligible_window > interval '0'),
    exclude text CHECK (exclude <> ''),
    exclude_sql text CHECK ((exclude_sql IS NULL) = (exclude IS NULL)),
    exclude_aggregates boolean CHECK ((exclude_aggregates IS NULL) = (exclude IS NULL)),
    exclude_window interval CHECK (exclude_window > interval '0'),
    description text,
    options jsonb NOT NULL CHECK (jsonb_typeof(options) = 'object'),
    attributes_sql jsonb NOT NULL CHECK (jsonb_typeof(attributes_sql) = 'object'),
    time_zone text NOT NULL,
    scores_schema name NOT NULL,
    scores_name name NOT NULL,
    scores_oid oid,
    scores_schema_oid oid,
    place text,
    enabled boolean NOT NULL DEFAULT true,
    active_version int CHECK (active_version > 0),
    former_versions int[] NOT NULL DEFAULT '{}' CHECK (array_position(former_versions, NULL) IS NULL),
    created_at timestamptz NOT NULL DEFAULT now(),
    altered_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (scores_schema, scores_name)
);

CREATE TABLE customer_ai.event_source (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    position int NOT NULL CHECK (position > 0),
    schema_name name NOT NULL,
    relation_name name NOT NULL,
    relation_oid oid,
    place text,
    label name NOT NULL,
    profile_column name NOT NULL,
    time_column name NOT NULL CHECK (time_column <> profile_column),
    type_column name,
    event_type text,
    where_clause text CHECK (where_clause <> ''),
    where_sql text CHECK ((where_sql IS NULL) = (where_clause IS NULL)),
    UNIQUE (model_id, position),
    CHECK (type_column IS NULL OR event_type IS NULL)
);

CREATE TABLE customer_ai.profile_source (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    position int NOT NULL CHECK (position > 0),
    schema_name name NOT NULL,
    relation_name name NOT NULL,
    relation_oid oid,
    place text,
    profile_column name NOT NULL,
    columns name[] CHECK (cardinality(columns) > 0 AND array_position(columns, NULL) IS NULL),
    valid_from_column name CHECK (valid_from_column <> profile_column),
    UNIQUE (model_id, position)
);

CREATE TABLE customer_ai.event_definition (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    condition text NOT NULL CHECK (condition <> ''),
    condition_sql text NOT NULL CHECK (condition_sql <> ''),
    UNIQUE (model_id, name)
);

-- What people call columns, event types (values of column "event") and values. The value of a column itself is ''.
CREATE TABLE customer_ai.label (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    column_name text NOT NULL CHECK (column_name <> ''),
    value text NOT NULL,
    label text CHECK (label <> ''),
    unit text CHECK (unit <> ''),
    UNIQUE (model_id, column_name, value),
    CHECK (unit IS NULL OR value = ''),
    CHECK (label IS NOT NULL OR unit IS NOT NULL)
);

CREATE TABLE customer_ai.version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    number int NOT NULL CHECK (number > 0),
    label text CHECK (label <> ''),
    format int NOT NULL CHECK (format > 0),
    algorithm text NOT NULL,
    trained_at timestamptz NOT NULL DEFAULT now(),
    as_of timestamptz NOT NULL CHECK (isfinite(as_of)),
    cutoffs timestamptz[] NOT NULL,
    rows bigint NOT NULL CHECK (rows > 0),
    positives bigint NOT NULL CHECK (positives BETWEEN 0 AND rows),
    auc float8 CHECK (auc BETWEEN 0 AND 1),
    auc_low float8 CHECK (auc_low BETWEEN 0 AND 1),
    auc_high float8 CHECK (auc_high BETWEEN 0 AND 1),
    report jsonb NOT NULL,
    document bytea NOT NULL,
    definition jsonb,
    judgement bytea,
    distribution jsonb,
    UNIQUE (model_id, number),
    UNIQUE (model_id, label)
);

-- In place of a foreign key: a model is not pointed at a version that is not there, nor is the active one deleted. Rows that
-- are copied in, in any order, are not asked: a model whose active version is missing counts as one without.
CREATE FUNCTION customer_ai_internal.active_version() RETURNS trigger LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp AS $$
BEGIN
    IF TG_TABLE_NAME = 'version' THEN
        IF EXISTS (SELECT FROM customer_ai.model m
            WHERE m.id = OLD.model_id AND m.owner = OLD.owner AND m.active_version = OLD.number)
        THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('version %s is active', OLD.number),
                DETAIL = 'Found it to be what the model scores with; it must not be.',
                HINT = 'Run customer_ai.activate with another version first, then customer_ai.drop_version.';
        END IF;
        RETURN NULL;
    END IF;
    IF NEW.active_version IS NOT NULL AND NOT EXISTS (SELECT FROM customer_ai.version v
        WHERE v.model_id = NEW.id AND v.owner = NEW.owner AND v.number = NEW.active_version)
    THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('version %s of model "%s" does not exist', NEW.active_version, NEW.name),
            DETAIL = 'Found no such version; the active version must be one of the model''s.',
            HINT = 'SELECT * FROM customer_ai.versions lists them; customer_ai.activate chooses one.';
    END IF;
    RETURN NULL;
END $$;
-- AFTER, because a trigger before an update of the row would lock it against those who hold it FOR KEY SHARE.
CREATE TRIGGER active_version AFTER UPDATE OF active_version ON customer_ai.model
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.active_version();
CREATE TRIGGER active_version AFTER DELETE ON customer_ai.version
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.active_version();

-- Each training and each scoring. The version is a number, not a reference: a run outlives a version.
CREATE TABLE customer_ai.run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    kind text NOT NULL CHECK (kind IN ('train', 'score')),
    version int NOT NULL CHECK (version > 0),
    as_of timestamptz NOT NULL CHECK (isfinite(as_of)),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL CHECK (finished_at >= started_at),
    profiles bigint NOT NULL CHECK (profiles >= 0),
    low bigint CHECK (low >= 0),
    medium bigint CHECK (medium >= 0),
    high bigint CHECK (high >= 0),
    percentiles float8[],
    skipped jsonb NOT NULL DEFAULT '{}',
    detail jsonb NOT NULL DEFAULT '{}',
    figures jsonb,
    published boolean NOT NULL DEFAULT true,
    CHECK (kind = 'train' OR low + medium + high = profiles)
);
CREATE INDEX run_model_id_idx ON customer_ai.run (model_id, id);

-- What came true of a scoring run, counted when its outcome window had passed: by bucket, and the probabilities with
-- what came of each.
CREATE TABLE customer_ai.outcome (
    run_id bigint PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    counted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    profiles bigint[] NOT NULL CHECK (cardinality(profiles) = 3),
    positives bigint[] NOT NULL CHECK (cardinality(positives) = 3),
    judgement bytea NOT NULL
);
-- It holds numbers, which do not get smaller.
ALTER TABLE customer_ai.outcome ALTER COLUMN judgement SET STORAGE EXTERNAL;
CREATE INDEX outcome_model_id_idx ON customer_ai.outcome (model_id, run_id);

CREATE TABLE customer_ai.segment (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    schema_name name NOT NULL,
    segment_name name NOT NULL,
    relation_oid oid,
    place text,
    condition text NOT NULL CHECK (condition <> ''),
    condition_sql text NOT NULL CHECK (condition_sql <> ''),
    top bigint CHECK (top > 0),
    top_percent float8 CHECK (top_percent > 0 AND top_percent <= 100),
    live boolean NOT NULL DEFAULT false,
    description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    profiles bigint NOT NULL CHECK (profiles >= 0),
    UNIQUE (schema_name, segment_name)
);
CREATE INDEX segment_model_id_idx ON customer_ai.segment (model_id);

-- Runs of refresh that ended with an error. All other runs leave nothing when they fail: their transaction is undone.
-- Numbered with the runs.
CREATE TABLE customer_ai.failed_run (
    id bigint PRIMARY KEY DEFAULT nextval('customer_ai.run_id_seq'),
    model_id bigint NOT NULL,
    owner name NOT NULL,
    kind text NOT NULL CHECK (kind IN ('train', 'score')),
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sqlstate text NOT NULL,
    error text NOT NULL
);
CREATE INDEX failed_run_model_id_idx ON customer_ai.failed_run (model_id, id);

-- Who did what to the definitions of models. By the model's name, not its id: an entry outlives the model.
CREATE TABLE customer_ai.audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    role name NOT NULL,
    owner name NOT NULL,
    model text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    old jsonb,
    new jsonb
);

-- What each refresh of a segment found, and who entered or left by it. The first contents are where changes are counted
-- from: entered and gone are NULL there. Profiles are kept as text: models have keys of many types.
CREATE TABLE customer_ai.segment_refresh (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    segment_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run bigint,
    profiles bigint NOT NULL CHECK (profiles >= 0),
    entered bigint CHECK (entered >= 0),
    gone bigint CHECK (gone >= 0),
    CHECK ((entered IS NULL) = (gone IS NULL))
);
CREATE INDEX segment_refresh_segment_id_idx ON customer_ai.segment_refresh (segment_id, at);

CREATE TABLE customer_ai.segment_change (
    refresh_id bigint NOT NULL,
    profile text NOT NULL,
    model_id bigint NOT NULL,
    owner name NOT NULL,
    entered boolean NOT NULL,
    PRIMARY KEY (refresh_id, profile)
);
CREATE INDEX segment_change_model_id_idx ON customer_ai.segment_change (model_id, profile);

-- For conditions of segments; factors is the array that score writes. A factor that people call otherwise keeps its own name,
-- so that no label takes it out of a segment.
-- OR REPLACE: an update leaves it in its place, because segments depend on it.
CREATE OR REPLACE FUNCTION customer_ai.has_factor(factors jsonb, factor text, direction text DEFAULT NULL) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN pg_catalog.jsonb_typeof(factors) OPERATOR(pg_catalog.=) 'array' THEN EXISTS (
        SELECT FROM pg_catalog.jsonb_array_elements(factors) f
        WHERE factor IN (f OPERATOR(pg_catalog.->>) 'factor', f OPERATOR(pg_catalog.->>) 'name')
            AND (direction IS NULL OR (f OPERATOR(pg_catalog.->>) 'direction') OPERATOR(pg_catalog.=) direction))
        ELSE false END;

-- For conditions of segments too, where the membership is put in its place (src/verbs/segment/query.rs).
CREATE FUNCTION customer_ai.in_segment(segment text) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path TO pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'in_segment can only stand in the condition of a segment'
        USING ERRCODE = 'feature_not_supported',
            DETAIL = format('Found in_segment(%L) elsewhere.', segment),
            HINT = 'A segment is an ordinary relation: elsewhere write EXISTS (SELECT FROM schema.segment ...).';
END $$;

-- Rows and counters both belong in a dump: without the counters a restored database could not train again.
SELECT pg_catalog.pg_extension_config_dump('customer_ai.model', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.event_source', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.event_source_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.profile_source', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.profile_source_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.event_definition', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.event_definition_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.label', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.label_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.version', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.version_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.run', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.outcome', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.segment', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.segment_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.failed_run', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.audit_entry', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.audit_entry_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.segment_refresh', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.segment_refresh_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('customer_ai.segment_change', '');

SET LOCAL search_path TO customer_ai, pg_temp;
