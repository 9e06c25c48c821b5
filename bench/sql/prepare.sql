-- What the benchmark keeps, and how a stage is measured.
SET client_min_messages = error;
CREATE EXTENSION customer_ai;
CREATE SCHEMA bench;

-- A number in [0, 1) that depends on its arguments only.
CREATE FUNCTION bench.uniform(key bigint, seed bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql
    RETURN (hashint8extended(key, seed) & 1048575) / 1048576.0;

-- peak: kilobytes of anonymous memory.
CREATE TABLE bench.result (number serial, events bigint, stage text, seconds double precision, cpu double precision,
    peak bigint);
CREATE TABLE bench.latency (events bigint, what text, clients int, milliseconds double precision);
CREATE TABLE bench.rival_result (events bigint, way text, stage text, seconds double precision, cpu double precision,
    peak double precision);

-- CPU seconds of this backend and its threads so far, user and system, from Linux.
CREATE FUNCTION bench.cpu() RETURNS double precision VOLATILE LANGUAGE sql
    RETURN (SELECT (fields[12]::double precision + fields[13]::double precision) / 100
        FROM regexp_split_to_array(split_part(pg_read_file('/proc/self/stat'), ') ', 2), ' ') AS fields);

-- Asks for the features of every profile by the aggregate; returns how many bytes came.
CREATE FUNCTION bench.event_features(model text, arguments text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    document text := (SELECT encode(v.document, 'hex') FROM customer_ai.version v
        JOIN customer_ai.model m ON m.id = v.model_id WHERE m.name = $1 ORDER BY v.number DESC LIMIT 1);
    bytes bigint;
BEGIN
    EXECUTE format($sql$ SELECT sum(length(features)) FROM (
        SELECT customer_ai_internal.event_features(%L, '2026-01-01', NULL, '{}', at, %s) AS features
        FROM bench.events GROUP BY profile) p $sql$, document, arguments) INTO bytes;
    RETURN bytes;
END $$;

-- Runs a statement and keeps what it took; of training and scoring their phases as well.
CREATE FUNCTION bench.measure(events bigint, stage text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    cpu double precision := bench.cpu();
    whole record;
BEGIN
    EXECUTE statement;
    SELECT extract(epoch FROM clock_timestamp() - started) AS seconds, bench.cpu() - cpu AS cpu INTO whole;
    INSERT INTO bench.result (events, stage, seconds, cpu) VALUES (events, stage, whole.seconds, whole.cpu);
    IF statement ~ 'customer_ai\.(train|score)' THEN
        INSERT INTO bench.result (events, stage, seconds, cpu, peak)
        WITH run AS (SELECT detail FROM customer_ai.runs ORDER BY run DESC LIMIT 1),
            phases AS (
                SELECT CASE WHEN key IN ('read', 'features') THEN 'features' ELSE key END AS phase,
                    sum((detail->'seconds'->>key)::double precision) AS seconds, sum(value::double precision) AS cpu
                FROM run, jsonb_each_text(detail->'cpu') WHERE key <> 'champion' GROUP BY 1)
        SELECT events, stage || ': ' || phase, p.seconds, p.cpu, 0 FROM phases p
        UNION ALL
        SELECT events, stage || ': writing', whole.seconds - sum(p.seconds), whole.cpu - sum(p.cpu), 0 FROM phases p;
    END IF;
END $$;
