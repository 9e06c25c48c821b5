-- Live predictions with reasons, of a thousand profiles, through an index.
SET client_min_messages = error;
CREATE INDEX ON bench.events (profile, at);
SELECT set_config('bench.events', :'events', false) \g /dev/null
DO $$
DECLARE
    started timestamptz;
    profile text;
BEGIN
    FOR profile IN SELECT (1 + n * 7 % (SELECT max(e.profile) FROM bench.events e))::text
        FROM generate_series(1, 1000) n LOOP
        started := clock_timestamp();
        PERFORM customer_ai.predict('events', profile);
        INSERT INTO bench.latency
        VALUES (current_setting('bench.events')::bigint, 1000 * extract(epoch FROM clock_timestamp() - started));
    END LOOP;
END $$;
