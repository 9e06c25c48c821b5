-- A condition with aggregates has a value for every profile known at the cutoff, also where its window holds no event: what
-- the condition is over no rows. Compared with plain SQL, in which an aggregate over no rows has a value too.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE SCHEMA silent;
CREATE FUNCTION silent.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE silent.e AS
SELECT p AS customer_id, timestamptz '2025-01-01' + (d + silent.draw('t' || p || '/' || d)) * interval '1 day' AS at,
    CASE WHEN silent.draw('k' || p || '/' || d) < 0.4 THEN 'buy' ELSE 'visit' END AS event,
    round(100 * silent.draw('a' || p || '/' || d))::int AS amount
FROM generate_series(1, 120) p, generate_series(0, 239) d
WHERE silent.draw('e' || p || '/' || d) < 0.01 + 0.1 * silent.draw('r' || p);

-- What a model counts at a cutoff: eligible profiles, and positive ones of them.
CREATE FUNCTION silent.says(goal text, eligible text, exclude text, exclude_window interval, at timestamptz,
    OUT profiles bigint, OUT positives bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM customer_ai.create_model('silent', 'silent.e', goal, '30 days', 'customer_id', 'at', 'event',
        eligible => eligible, exclude => exclude, exclude_window => exclude_window,
        options => '{"algorithm": "logistic", "allow_small": true}');
    SELECT test_profiles, round(test_profiles * base_rate) INTO profiles, positives
    FROM customer_ai.backtest('silent', ARRAY[at]);
    PERFORM customer_ai.drop_model('silent');
END $$;
-- The same by plain SQL.
CREATE FUNCTION silent.by_hand(goal text, eligible text, exclude text, exclude_window interval, cutoff timestamptz,
    OUT profiles bigint, OUT positives bigint) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($q$
        SELECT count(*), count(*) FILTER (WHERE goal) FROM (
            SELECT (SELECT (%1$s) IS TRUE FROM silent.e WHERE customer_id = k.customer_id
                    AND at > %5$L AND at <= %5$L::timestamptz + interval '30 days') AS goal,
                (SELECT (%2$s) IS TRUE FROM silent.e WHERE customer_id = k.customer_id
                    AND at > %5$L::timestamptz - interval '45 days' AND at <= %5$L) AS eligible,
                (SELECT (%3$s) IS TRUE FROM silent.e WHERE customer_id = k.customer_id
                    AND at > %5$L::timestamptz - %4$L::interval AND at <= %5$L) AS excluded
            FROM (SELECT DISTINCT customer_id FROM silent.e WHERE at <= %5$L) k) x
        WHERE eligible AND NOT excluded $q$,
        replace(goal, 'cutoff', format('%L::timestamptz', cutoff)),
        replace(coalesce(eligible, 'count(*) > 0'), 'cutoff', format('%L::timestamptz', cutoff)),
        replace(coalesce(exclude, 'false AND count(*) > 0'), 'cutoff', format('%L::timestamptz', cutoff)),
        coalesce(exclude_window, '10 years'), cutoff) INTO profiles, positives;
END $$;

CREATE TABLE silent.cases (id int, goal text, eligible text, exclude text, exclude_window interval);
INSERT INTO silent.cases (id, goal, eligible, exclude, exclude_window) VALUES
    (1, $$ count(*) FILTER (WHERE event = 'buy') = 0 $$, NULL, NULL, NULL),
    (2, $$ count(*) < 3 $$, NULL, NULL, NULL),
    (3, $$ sum(amount) < 60 $$, NULL, NULL, NULL),
    (4, $$ coalesce(sum(amount), 0) < 60 $$, NULL, NULL, NULL),
    (5, $$ bool_and(event = 'visit') $$, NULL, NULL, NULL),
    (6, $$ NOT coalesce(bool_or(event = 'buy'), false) $$, NULL, NULL, NULL),
    (7, $$ max(at) IS NULL $$, NULL, NULL, NULL),
    (8, $$ max(at) IS NULL OR max(at) - cutoff > '20 days' $$, NULL, NULL, NULL),
    (9, $$ bool_or(event = 'buy') $$, $$ count(*) FILTER (WHERE event = 'buy') = 0 $$, NULL, NULL),
    (10, $$ bool_or(event = 'buy') $$, $$ count(*) < 2 $$, NULL, NULL),
    (11, $$ bool_or(event = 'buy') $$, $$ count(*) < 20 $$, $$ count(*) FILTER (WHERE event = 'buy') = 0 $$, '60 days'),
    (12, $$ bool_or(event = 'buy') $$, NULL, $$ count(*) > 8 $$, NULL),
    (13, $$ bool_or(event = 'buy') $$, NULL, $$ count(*) > 8 $$, '90 days'),
    (14, $$ bool_or(event = 'buy') $$, NULL, $$ bool_or(amount > 95) $$, '30 days'),
    (15, $$ bool_or(event = 'buy') $$, $$ bool_or(at > cutoff - interval '20 days') $$, NULL, NULL),
    (16, $$ bool_or(event = 'buy' AND at > cutoff + interval '10 days') $$, NULL, NULL, NULL);
SELECT c.id, s.profiles, s.positives
FROM silent.cases c, silent.says(goal, eligible, exclude, exclude_window, '2025-07-01') s,
    silent.by_hand(goal, eligible, exclude, exclude_window, '2025-07-01') h
WHERE (s.profiles, s.positives) IS DISTINCT FROM (h.profiles, h.positives);
SELECT c.id, h.profiles, h.positives FROM silent.cases c,
    silent.by_hand(goal, eligible, exclude, exclude_window, '2025-07-01') h ORDER BY id;

-- About one event and about the window together: the same, also where the condition looks at the cutoff.
SELECT p.* = w.* AS same FROM silent.says($$ event = 'buy' AND at > cutoff + interval '10 days' $$,
        $$ at > cutoff - interval '20 days' $$, $$ amount > 95 $$, '30 days', '2025-07-01') p,
    silent.by_hand($$ bool_or(event = 'buy' AND at > cutoff + interval '10 days') $$,
        $$ bool_or(at > cutoff - interval '20 days') $$, $$ bool_or(amount > 95) $$, '30 days', '2025-07-01') w;

-- Who was there before and is silent now, by score and features; an exclude window about one event.
SELECT customer_ai.create_model('silent', 'silent.e', $$ event = 'buy' $$, '30 days', 'customer_id', 'at', 'event',
    eligible => 'count(*) = 0', exclude => $$ event = 'buy' $$, exclude_window => '60 days',
    options => '{"algorithm": "logistic", "allow_small": true}');
SELECT exclude, exclude_window FROM customer_ai.models;
SET client_min_messages = error;
SELECT examples > 0 AS trained FROM customer_ai.train('silent');
RESET client_min_messages;
SELECT profiles FROM customer_ai.score('silent', as_of => '2025-08-01');
SELECT count(*) AS by_hand,
    count(*) = (SELECT count(DISTINCT profile) FROM customer_ai.features('silent', as_of => '2025-08-01')) AS features
FROM (SELECT customer_id FROM silent.e WHERE at <= '2025-08-01' GROUP BY customer_id
    HAVING max(at) <= timestamptz '2025-08-01' - interval '45 days'
        AND count(*) FILTER (WHERE event = 'buy' AND at > timestamptz '2025-08-01' - interval '60 days') = 0) x;
SELECT count(*) AS differing FROM silent.silent_scores s
JOIN silent.e USING (customer_id) WHERE e.at > timestamptz '2025-08-01' - interval '45 days' AND e.at <= '2025-08-01';
SET customer_ai.feeder = 'pushed_down';
SELECT profiles FROM customer_ai.score('silent', as_of => '2025-08-01');
RESET customer_ai.feeder;
SELECT customer_ai.drop_model('silent');

-- The exclude window is honoured by every feeder.
SELECT customer_ai.create_model('silent', 'silent.e', $$ event = 'buy' $$, '30 days', 'customer_id', 'at', 'event',
    exclude => $$ event = 'buy' $$, exclude_window => '60 days', options => '{"algorithm": "logistic", "allow_small": true}');
SET client_min_messages = error;
SELECT examples > 0 AS trained FROM customer_ai.train('silent');
RESET client_min_messages;
SELECT profiles FROM customer_ai.score('silent', as_of => '2025-08-01');
SET customer_ai.feeder = 'pushed_down';
SELECT profiles FROM customer_ai.score('silent', as_of => '2025-08-01');
RESET customer_ai.feeder;
SELECT count(*) AS by_hand FROM (SELECT customer_id FROM silent.e WHERE at <= '2025-08-01' GROUP BY customer_id
    HAVING max(at) > timestamptz '2025-08-01' - interval '45 days'
        AND count(*) FILTER (WHERE event = 'buy' AND at > timestamptz '2025-08-01' - interval '60 days') = 0) x;
SELECT customer_ai.drop_model('silent');

-- Examples stand as they are given: the goal over an empty window too.
CREATE TABLE silent.examples AS
SELECT p AS customer_id, c AS cutoff FROM generate_series(1, 120) p,
    unnest(ARRAY[timestamptz '2025-05-01', '2025-06-01', '2025-07-01', '2025-07-15']) c;
SELECT customer_ai.create_model('silent', 'silent.e', $$ count(*) = 0 $$, '30 days', 'customer_id', 'at', 'event',
    options => '{"algorithm": "logistic", "allow_small": true}');
SET client_min_messages = error;
SELECT examples, positives FROM customer_ai.train('silent', examples => 'silent.examples');
RESET client_min_messages;
SELECT count(*) AS examples, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM silent.e
        WHERE e.customer_id = x.customer_id AND at > cutoff AND at <= cutoff + interval '30 days')) AS positives
FROM silent.examples x;
SELECT customer_ai.drop_model('silent');

-- What fails over no events is refused at once.
SELECT customer_ai.create_model('silent', 'silent.e', $$ count(*) FILTER (WHERE event = 'buy') / count(*) > 0 $$, '30 days',
    'customer_id', 'at');
SELECT customer_ai.create_model('silent', 'silent.e', 'true', '30 days', 'customer_id', 'at', exclude_window => '1 day');
SELECT customer_ai.create_model('silent', 'silent.e', 'true', '30 days', 'customer_id', 'at', exclude => 'false',
    exclude_window => '-1 day');
SET client_min_messages = warning;
DROP SCHEMA silent CASCADE;
