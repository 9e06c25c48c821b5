-- The feeder that is pushed down: aggregates over the events of one profile. Their functions are raw C functions,
-- declared here. What postgres_fdw ships must be immutable, and belong to an extension that its server lists.
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TYPE customer_ai_internal.model_document;
CREATE FUNCTION customer_ai_internal.model_document_in(cstring) RETURNS customer_ai_internal.model_document
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'model_document_in';
CREATE FUNCTION customer_ai_internal.model_document_out(customer_ai_internal.model_document) RETURNS cstring
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'model_document_out';
CREATE FUNCTION customer_ai_internal.model_document_recv(internal) RETURNS customer_ai_internal.model_document
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'model_document_recv';
CREATE FUNCTION customer_ai_internal.model_document_send(customer_ai_internal.model_document) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'model_document_send';
CREATE TYPE customer_ai_internal.model_document (
    INPUT = customer_ai_internal.model_document_in,
    OUTPUT = customer_ai_internal.model_document_out,
    RECEIVE = customer_ai_internal.model_document_recv,
    SEND = customer_ai_internal.model_document_send,
    LIKE = pg_catalog.bytea
);

CREATE FUNCTION customer_ai_internal.event_collect(internal, model customer_ai_internal.model_document, as_of timestamptz,
        eligible_after timestamptz, options jsonb, "time" "any", type "any", goal boolean, eligible boolean,
        excluded boolean, VARIADIC attributes "any") RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_collect';
CREATE FUNCTION customer_ai_internal.event_combine(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_combine';
CREATE FUNCTION customer_ai_internal.event_serialize(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_serialize';
CREATE FUNCTION customer_ai_internal.event_deserialize(bytea, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_deserialize';
CREATE FUNCTION customer_ai_internal.event_features_final(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_features_final';
CREATE FUNCTION customer_ai_internal.event_scores_final(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_scores_final';

CREATE FUNCTION customer_ai_internal.event_history_collect(internal, until timestamptz, options jsonb, "time" "any", type "any",
        goal boolean, eligible boolean, excluded boolean, VARIADIC attributes "any") RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_history_collect';
CREATE FUNCTION customer_ai_internal.event_history_final(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_history_final';
CREATE FUNCTION customer_ai_internal.event_counts_collect(bytea, until timestamptz, options jsonb, "time" "any", type "any",
        goal boolean, eligible boolean, excluded boolean, VARIADIC attributes "any") RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_counts_collect';
CREATE FUNCTION customer_ai_internal.event_counts_combine(bytea, bytea) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'event_counts_combine';
-- The operators -> and ->> of jsonb, for postgres_fdw to ship: it does not where a key is a text, because no column has
-- its collation. A bytea has the bytes of a text.
CREATE FUNCTION customer_ai_internal.json_member(document jsonb, key bytea) RETURNS jsonb
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_object_field';
CREATE FUNCTION customer_ai_internal.json_member_text(document jsonb, key bytea) RETURNS bytea
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'jsonb_object_field_text';
CREATE FUNCTION customer_ai_internal.sample_place(profile "any") RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sample_place';

CREATE AGGREGATE customer_ai_internal.event_features(model customer_ai_internal.model_document, as_of timestamptz,
        eligible_after timestamptz, options jsonb, "time" "any", type "any", goal boolean, eligible boolean,
        excluded boolean, VARIADIC attributes "any") (
    SFUNC = customer_ai_internal.event_collect,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = customer_ai_internal.event_features_final,
    COMBINEFUNC = customer_ai_internal.event_combine,
    SERIALFUNC = customer_ai_internal.event_serialize,
    DESERIALFUNC = customer_ai_internal.event_deserialize,
    PARALLEL = SAFE
);
CREATE AGGREGATE customer_ai_internal.event_scores(model customer_ai_internal.model_document, as_of timestamptz,
        eligible_after timestamptz, options jsonb, "time" "any", type "any", goal boolean, eligible boolean,
        excluded boolean, VARIADIC attributes "any") (
    SFUNC = customer_ai_internal.event_collect,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = customer_ai_internal.event_scores_final,
    COMBINEFUNC = customer_ai_internal.event_combine,
    SERIALFUNC = customer_ai_internal.event_serialize,
    DESERIALFUNC = customer_ai_internal.event_deserialize,
    PARALLEL = SAFE
);
CREATE AGGREGATE customer_ai_internal.event_history(until timestamptz, options jsonb, "time" "any", type "any", goal boolean,
        eligible boolean, excluded boolean, VARIADIC attributes "any") (
    SFUNC = customer_ai_internal.event_history_collect,
    STYPE = internal,
    SSPACE = 1024,
    FINALFUNC = customer_ai_internal.event_history_final,
    COMBINEFUNC = customer_ai_internal.event_combine,
    SERIALFUNC = customer_ai_internal.event_serialize,
    DESERIALFUNC = customer_ai_internal.event_deserialize,
    PARALLEL = SAFE
);
CREATE AGGREGATE customer_ai_internal.event_counts(until timestamptz, options jsonb, "time" "any", type "any", goal boolean,
        eligible boolean, excluded boolean, VARIADIC attributes "any") (
    SFUNC = customer_ai_internal.event_counts_collect,
    STYPE = bytea,
    SSPACE = 64,
    COMBINEFUNC = customer_ai_internal.event_counts_combine,
    PARALLEL = SAFE
);

SET LOCAL search_path TO customer_ai, pg_temp;
