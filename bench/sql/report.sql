-- Medians of the rounds, size by size, and how they grow from each size to the next.
\pset footer off
CREATE TEMP VIEW medians AS
SELECT events, stage, min(number) AS place, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu, nullif(max(peak), 0) / 1024 AS peak
FROM bench.result WHERE stage NOT IN ('few', 'few: reasons', 'few: writing', 'train: writing')
    AND stage NOT LIKE 'rival%' AND stage NOT LIKE '%types: %' AND (stage NOT LIKE '%two cores%' OR stage LIKE '%: features')
GROUP BY events, stage;
CREATE TEMP VIEW named AS
SELECT m.*, CASE stage
    WHEN 'GROUP BY' THEN 'SELECT profile, count(*), max(at) ... GROUP BY profile'
    WHEN 'few by profile' THEN 'event_features, ' || few || ' features ... GROUP BY profile'
    WHEN 'by profile' THEN 'event_features, ' || every || ' features ... GROUP BY profile'
    WHEN 'few: features' THEN few || ' features of all profiles, 1 cutoff'
    WHEN 'score: features' THEN every || ' features of all profiles, 1 cutoff'
    WHEN 'train: features' THEN every || ' features of the training rows, all cutoffs'
    WHEN 'few, two cores: features' THEN few || ' features of all profiles, two cores'
    WHEN 'score, two cores: features' THEN every || ' features of all profiles, two cores'
    WHEN 'train, two cores: features' THEN every || ' features of the training rows, two cores'
    WHEN 'GROUP BY, types' THEN 'SELECT count(DISTINCT kind) ... GROUP BY profile'
    WHEN 'check_model, types' THEN 'check_model, eligible => count(DISTINCT kind) > 1 in 90 days'
    WHEN 'train, types' THEN 'train, eligible => count(DISTINCT kind) > 1 in 90 days'
    WHEN 'backtest' THEN 'backtest of four cutoffs'
    WHEN 'train' THEN 'train' WHEN 'score' THEN 'score' ELSE stage END AS name
FROM medians m, (SELECT count(DISTINCT feature) FILTER (WHERE model = 'few') AS few,
        count(DISTINCT feature) FILTER (WHERE model = 'events') AS every
    FROM unnest(ARRAY['few', 'events']) model, customer_ai.features(model, '2024-01-10')) f;

SELECT to_char(m.events, '999,999,999') AS events, m.name AS stage, round(m.seconds::numeric, 2) AS seconds,
    round(m.cpu::numeric, 2) AS "CPU s", round((m.cpu / nullif(plain.cpu, 0))::numeric, 2) AS "x GROUP BY",
    round((m.seconds / nullif(plain.seconds, 0))::numeric, 2) AS "by clock",
    round((m.cpu / nullif(bare.cpu, 0))::numeric, 1) AS "x read", m.peak AS "peak MB",
    round((ln(m.cpu / nullif(less.cpu, 0)) / ln(m.events::double precision / less.events))::numeric, 2) AS growth,
    round((ln(m.seconds / nullif(less.seconds, 0)) / ln(m.events::double precision / less.events))::numeric, 2) AS "growth by clock"
FROM named m
    JOIN medians plain ON plain.events = m.events AND plain.stage = 'GROUP BY'
    JOIN medians bare ON bare.events = m.events AND bare.stage = 'read the columns'
    LEFT JOIN LATERAL (SELECT * FROM medians l WHERE l.stage = m.stage AND l.events < m.events AND l.cpu > 0
        ORDER BY l.events DESC LIMIT 1) less ON true
ORDER BY m.events, m.place;

SELECT to_char(r.events, '999,999,999') AS events, part.what AS stage, part.of AS "beside",
    round((one.cpu / nullif(other.cpu, 0))::numeric, 2) AS "CPU", round((one.seconds / nullif(other.seconds, 0))::numeric, 2) AS "clock"
FROM (SELECT DISTINCT events FROM bench.result) r, (VALUES ('check_model, types', 'GROUP BY, types'), ('check_model, types', 'check_model'),
        ('train, types', 'train'), ('backtest', 'train'), ('backtest, two cores', 'train, two cores')) part (what, of),
    LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
        FROM bench.result WHERE events = r.events AND stage = part.what) one,
    LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY cpu) AS cpu, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
        FROM bench.result WHERE events = r.events AND stage = part.of) other
ORDER BY r.events, part.what, part.of DESC;

WITH live AS (
    SELECT events, clients, what, percentile_disc(0.5) WITHIN GROUP (ORDER BY milliseconds) AS p50,
        percentile_disc(0.99) WITHIN GROUP (ORDER BY milliseconds) AS p99
    FROM bench.latency GROUP BY events, clients, what)
SELECT to_char(l.events, '999,999,999') AS events, l.clients, round(l.p50::numeric, 2) AS "predict with factors: p50, ms",
    round(l.p99::numeric, 2) AS "p99, ms", round(plain.p50::numeric, 2) AS "plain read: p50, ms",
    round(plain.p99::numeric, 2) AS "p99, ms", round((l.p50 / plain.p50)::numeric, 1) AS "x plain read"
FROM live l JOIN live plain USING (events, clients) WHERE l.what = 'predict' AND plain.what = 'read'
ORDER BY l.events, l.clients;
