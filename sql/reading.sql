-- Reading events with parallel workers: an aggregate whose states are temporary files. Only the extension itself can
-- call it: nobody else has a value of the type of its first argument. (PostgreSQL lets nobody write a call of an
-- aggregate with an argument of type internal, not even us.)
SET LOCAL search_path TO pg_catalog, pg_temp;

CREATE TYPE customer_ai_internal.job;
CREATE FUNCTION customer_ai_internal.job_in(cstring) RETURNS customer_ai_internal.job
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'internal_in';
CREATE FUNCTION customer_ai_internal.job_out(customer_ai_internal.job) RETURNS cstring
    LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'internal_out';
CREATE TYPE customer_ai_internal.job (
    INPUT = customer_ai_internal.job_in,
    OUTPUT = customer_ai_internal.job_out,
    LIKE = pg_catalog.int8
);

CREATE FUNCTION customer_ai_internal.rows_take(internal, job customer_ai_internal.job, VARIADIC columns "any") RETURNS internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'rows_take';
CREATE FUNCTION customer_ai_internal.rows_combine(internal, internal) RETURNS internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'rows_combine';
CREATE FUNCTION customer_ai_internal.rows_serialize(internal) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'rows_serialize';
CREATE FUNCTION customer_ai_internal.rows_deserialize(bytea, internal) RETURNS internal
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'rows_deserialize';
CREATE AGGREGATE customer_ai_internal.rows(job customer_ai_internal.job, VARIADIC columns "any") (
    SFUNC = customer_ai_internal.rows_take,
    STYPE = internal,
    FINALFUNC = customer_ai_internal.rows_serialize,
    COMBINEFUNC = customer_ai_internal.rows_combine,
    SERIALFUNC = customer_ai_internal.rows_serialize,
    DESERIALFUNC = customer_ai_internal.rows_deserialize,
    PARALLEL = SAFE
);

SET LOCAL search_path TO customer_ai, pg_temp;
