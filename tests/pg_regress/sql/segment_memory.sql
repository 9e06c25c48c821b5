-- Segments remember who entered and who left: compared with copies of their contents, taken before and after.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA mem;
CREATE FUNCTION mem.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE mem.visit AS
    SELECT 'p' || p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN mem.draw(p || '/' || d) < 0.2 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 120) p, generate_series(0, 90) d WHERE mem.draw(d || '-' || p) < (1 + p % 10) / 30.0;
CREATE TABLE mem.person AS SELECT 'p' || p AS profile, CASE WHEN p % 3 = 0 THEN 'PT' ELSE 'ES' END AS country FROM generate_series(1, 120) p;
SELECT customer_ai.create_model('mem', 'mem.visit', $$ kind = 'buy' $$, '14 days', 'profile', 'at', 'kind',
    eligible_window => NULL, options => '{"algorithm": "logistic", "allow_small": true}');
SELECT customer_ai.add_profiles('mem', 'mem.person');
SELECT version FROM customer_ai.train('mem');
SELECT profiles FROM customer_ai.score('mem', '2025-03-10');
SELECT customer_ai.create_segment('mem.hot', 'mem', $$ score >= 60 $$, 'will buy');
SELECT customer_ai.create_segment('mem.top', 'mem', top => 20);
SELECT customer_ai.create_segment('mem.tenth', 'mem', $$ country = 'PT' $$, top_percent => 10);
SELECT customer_ai.create_segment('mem.warm', 'mem', $$ customer_ai.in_segment('mem.hot') AND NOT customer_ai.in_segment('mem.top') $$);
SELECT customer_ai.create_segment('mem.risen', 'mem', $$ previous_score < score AND previous_bucket IN ('low', 'medium') $$);
SELECT customer_ai.create_segment('mem.seen', 'mem', $$ score >= 60 $$, live => true);

-- the first contents are no changes
SELECT segment, profiles, entered, gone FROM customer_ai.segment_sizes ORDER BY segment;
SELECT count(*) FROM customer_ai.segment_changes;
-- each of them is what plain SQL says
SELECT (SELECT array_agg(profile ORDER BY profile) FROM mem.top)
    = (SELECT array_agg(profile ORDER BY profile) FROM (SELECT profile FROM mem.mem_scores ORDER BY probability DESC, profile LIMIT 20) t) AS top;
SELECT (SELECT array_agg(profile ORDER BY profile) FROM mem.tenth)
    = (SELECT array_agg(profile ORDER BY profile) FROM (SELECT profile FROM mem.mem_scores JOIN mem.person USING (profile) WHERE country = 'PT'
        ORDER BY probability DESC, profile LIMIT 4) t) AS tenth, (SELECT count(*) FROM mem.person WHERE country = 'PT') AS of;
SELECT (SELECT array_agg(profile ORDER BY profile) FROM mem.warm)
    = (SELECT array_agg(profile ORDER BY profile) FROM mem.hot WHERE profile NOT IN (SELECT profile FROM mem.top)) AS warm;
SELECT count(*) AS risen FROM mem.risen;
SELECT * FROM customer_ai.segment_overlap('mem.hot', 'mem.top');
SELECT count(*) FILTER (WHERE t.profile IS NOT NULL AND h.profile IS NOT NULL) AS both, count(*) FILTER (WHERE t.profile IS NULL) AS only_hot,
    count(*) FILTER (WHERE h.profile IS NULL) AS only_top FROM mem.hot h FULL JOIN mem.top t USING (profile);

-- a second scoring: what changed is the difference of copies
CREATE TEMP TABLE before AS SELECT 'mem.hot' AS segment, profile FROM mem.hot UNION ALL SELECT 'mem.top', profile FROM mem.top
    UNION ALL SELECT 'mem.tenth', profile FROM mem.tenth UNION ALL SELECT 'mem.warm', profile FROM mem.warm UNION ALL SELECT 'mem.risen', profile FROM mem.risen;
SELECT profiles FROM customer_ai.score('mem', '2025-03-30');
CREATE VIEW pg_temp.now AS SELECT 'mem.hot' AS segment, profile FROM mem.hot UNION ALL SELECT 'mem.top', profile FROM mem.top
    UNION ALL SELECT 'mem.tenth', profile FROM mem.tenth UNION ALL SELECT 'mem.warm', profile FROM mem.warm UNION ALL SELECT 'mem.risen', profile FROM mem.risen;
CREATE TEMP TABLE changed AS
    SELECT segment, profile, CASE WHEN b.profile IS NULL THEN 'entered' ELSE 'left' END AS change
    FROM before b FULL JOIN pg_temp.now n USING (segment, profile) WHERE (b IS NULL) <> (n IS NULL);
SELECT count(*) > 30 AS some, count(DISTINCT segment) AS segments, count(DISTINCT change) AS ways FROM changed;
(SELECT * FROM changed EXCEPT SELECT segment, profile, change FROM customer_ai.segment_changes)
UNION ALL (SELECT segment, profile, change FROM customer_ai.segment_changes EXCEPT SELECT * FROM changed);
SELECT s.segment, s.profiles = (SELECT count(*) FROM pg_temp.now n WHERE n.segment = s.segment) AS profiles,
    s.entered = (SELECT count(*) FROM changed c WHERE c.segment = s.segment AND change = 'entered') AS entered,
    s.gone = (SELECT count(*) FROM changed c WHERE c.segment = s.segment AND change = 'left') AS gone,
    s.run = (SELECT max(run) FROM mem.mem_scores) AS run
FROM customer_ai.segment_sizes s WHERE entered IS NOT NULL ORDER BY 1;
SELECT (SELECT array_agg(profile ORDER BY profile) FROM mem.risen)
    = (SELECT array_agg(n.profile ORDER BY n.profile) FROM mem.mem_scores n JOIN mem.mem_score_history o USING (profile)
        WHERE o.run = (SELECT min(run) FROM mem.mem_score_history) AND o.score < n.score AND o.bucket <> 'high') AS risen;
-- nothing changes, nothing is remembered
SELECT count(*) AS hot FROM mem.hot \gset
SELECT customer_ai.refresh_segment('mem.hot') = :hot AS same;
SELECT entered, gone FROM customer_ai.segment_sizes WHERE segment = 'mem.hot' ORDER BY at DESC LIMIT 1;
-- a live segment is always as new as the scores
SELECT (SELECT array_agg(profile ORDER BY profile) FROM mem.seen) = (SELECT array_agg(profile ORDER BY profile) FROM mem.hot) AS live;

-- alter_segment: condition, size, description and name; rights, indexes and memory stay
CREATE ROLE regress_mem;
GRANT SELECT ON mem.hot TO regress_mem;
GRANT SELECT (profile) ON mem.hot TO PUBLIC;
CREATE INDEX hot_score ON mem.hot (score);
DROP VIEW pg_temp.now;
SELECT customer_ai.alter_segment('mem.hot', $$ score >= 90 $$);
SELECT customer_ai.drop_segment('mem.warm');
CREATE TEMP TABLE wide AS SELECT profile FROM mem.hot;
SELECT customer_ai.alter_segment('mem.hot', $$ score >= 70 $$, 'hotter', 'mem.hottest');
SELECT count(*) = (SELECT count(*) FROM mem.mem_scores WHERE score >= 70) AS contents, bool_and(score >= 70) FROM mem.hottest;
SELECT segment, trim(condition) AS condition, description, profiles = (SELECT count(*) FROM mem.hottest) AS profiles
    FROM customer_ai.segments WHERE segment LIKE 'mem.hot%';
SELECT count(*) > 3 AS some, bool_and(change = 'left') AS left, array_agg(profile ORDER BY profile)
        = (SELECT array_agg(profile ORDER BY profile) FROM wide WHERE profile NOT IN (SELECT profile FROM mem.hottest)) AS who
    FROM customer_ai.segment_changes WHERE segment = 'mem.hottest' AND at = (SELECT max(at) FROM customer_ai.segment_changes);
SELECT relacl IS NOT NULL AS rights, (SELECT array_agg(relname::text ORDER BY 1) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE indrelid = c.oid) AS indexes,
    obj_description(c.oid) AS comment FROM pg_class c WHERE c.oid = 'mem.hottest'::regclass;
SELECT has_table_privilege('regress_mem', 'mem.hottest', 'SELECT') AS reader, has_column_privilege('public', 'mem.hottest', 'profile', 'SELECT') AS everybody;
SELECT customer_ai.alter_segment('mem.top', top => 7), customer_ai.alter_segment('mem.tenth', top => 0), customer_ai.alter_segment('mem.seen', $$ country = 'ES' $$);
SELECT (SELECT count(*) FROM mem.top) AS top, (SELECT count(*) FROM mem.tenth) = (SELECT count(*) FROM mem.mem_scores JOIN mem.person USING (profile) WHERE country = 'PT') AS all,
    (SELECT count(*) FROM mem.seen) = (SELECT count(*) FROM mem.mem_scores JOIN mem.person USING (profile) WHERE country = 'ES') AS live;
SELECT top, top_percent FROM customer_ai.segments WHERE segment IN ('mem.top', 'mem.tenth') ORDER BY segment;
-- a schema is part of the name
CREATE SCHEMA mem_other;
SELECT customer_ai.alter_segment('mem.top', new_name => 'mem_other.best');
SELECT count(*) FROM mem_other.best;
SELECT customer_ai.refresh_segment('mem_other.best');

-- forget leaves nothing of a profile
SELECT profile FROM customer_ai.segment_changes GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1 \gset
SELECT relation, rows > 0 AS some FROM customer_ai.forget('mem', :'profile') WHERE relation LIKE 'customer_ai%';
SELECT count(*) FROM customer_ai.segment_changes WHERE profile = :'profile';

-- one that somebody drops is forgotten, and stops nothing
SET client_min_messages = notice;
DROP MATERIALIZED VIEW mem.tenth;
SELECT profiles FROM customer_ai.score('mem', '2025-03-30');
SELECT segment FROM customer_ai.segments ORDER BY 1;

-- mistakes
SELECT customer_ai.create_segment('mem.other', 'mem', $$ bucket = 'High' $$);
SELECT customer_ai.create_segment('mem.more', 'mem', top => 3, top_percent => 5);
SELECT customer_ai.create_segment('mem.more', 'mem', top => -3);
SELECT customer_ai.create_segment('mem.more', 'mem', top_percent => 101);
SELECT customer_ai.create_segment('mem.more', 'mem', top_percent => 'NaN');
SELECT customer_ai.create_segment('mem.more', 'mem', $$ customer_ai.in_segment('mem.hotest') $$);
SELECT customer_ai.create_segment('mem.more', 'mem', $$ customer_ai.in_segment(bucket) $$);
SELECT customer_ai.in_segment('mem.hottest');
SELECT customer_ai.create_segment('mem.more', 'mem', $$ customer_ai.in_segment('mem.hottest') $$);
SELECT customer_ai.alter_segment('mem.hottest', $$ score >= 70 $$);
SELECT customer_ai.alter_segment('mem.hottest', new_name => 'mem.more');
SELECT customer_ai.alter_segment('mem.hottest', $$ scor >= 70 $$);
SELECT customer_ai.alter_segment('mem.hotest', $$ score >= 70 $$);
SELECT customer_ai.segment_overlap('mem.hottest', NULL);
-- nobody sees or alters those of others
SET ROLE regress_mem;
SELECT count(*) FROM customer_ai.segment_changes;
SELECT count(*) FROM customer_ai.segment_sizes;
SELECT customer_ai.alter_segment('mem.hottest', 'true');
SELECT * FROM customer_ai.segment_overlap('mem.hottest', 'mem.hottest');
SELECT count(*) FROM customer_ai.segment_change;
RESET ROLE;

-- row-level security of the scores holds in a live segment, not in a copy
ALTER VIEW mem.mem_scores SET (security_invoker);
ALTER TABLE mem.mem_score_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON mem.mem_score_history TO regress_mem USING (profile = 'p5');
GRANT USAGE ON SCHEMA mem TO regress_mem;
GRANT SELECT ON mem.seen, mem.hottest, mem.mem_scores, mem.mem_score_history, mem.person TO regress_mem;
SET ROLE regress_mem;
SELECT array_agg(profile) AS live FROM mem.seen;
SELECT count(*) > 1 AS copy FROM mem.hottest;
RESET ROLE;
SET client_min_messages = warning;
DROP POLICY one ON mem.mem_score_history;
SELECT customer_ai.drop_model('mem');
SELECT (SELECT count(*) FROM customer_ai.segment_refresh) AS refreshes, (SELECT count(*) FROM customer_ai.segment_change) AS changes;
DROP SCHEMA mem, mem_other CASCADE;
DROP ROLE regress_mem;
