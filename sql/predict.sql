-- jsonb as an argument of a Rust function panics on some values before our code runs: it goes as text.
CREATE FUNCTION customer_ai.predict(
    model text,
    profile text,
    as_of timestamptz DEFAULT NULL,
    overrides jsonb DEFAULT NULL
)
RETURNS TABLE (probability double precision, score smallint, bucket text, percentile smallint, factors jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
ROWS 1
AS $$
    SELECT p.probability, p.score, p.bucket, p.percentile, p.factors::jsonb
    FROM customer_ai._predict(model, profile, as_of, overrides::text) AS p
$$;
