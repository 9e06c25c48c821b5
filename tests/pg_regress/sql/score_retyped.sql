-- The profile column gets another type between two scorings: the ids kept are cast if none of them changes by that, and
-- what reads them is made again; otherwise nothing is written.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE SCHEMA kind;
CREATE FUNCTION kind.draw(text) RETURNS float8 LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('x' || left(md5($1), 8))::bit(32)::bigint / 4294967296.0 $$;
CREATE TABLE kind.source AS
    SELECT p AS profile, timestamptz '2025-01-01' + d * interval '1 day' + p * interval '1 minute' AS at,
        CASE WHEN kind.draw(p || '/' || d) < 0.2 THEN 'buy' ELSE 'look' END AS kind
    FROM generate_series(1, 120) p, generate_series(0, 100) d WHERE kind.draw(d || '-' || p) < (1 + p % 10) / 40.0;
CREATE DOMAIN kind.small AS int CHECK (VALUE < 1000);
CREATE DOMAIN kind.key AS text COLLATE "C";

-- Scores, retypes, scores again; says what became of it: the type of the ids, runs, ids of each run that are no profile's
-- (of the first run as the ids were, of the second as they are), and tables of runs that are not of the history's type.
CREATE TABLE kind.outcome (number serial, before text, after text, result text, type text, collated text, runs bigint, strangers bigint, odd bigint);
CREATE PROCEDURE kind.retype(before text, made text, after text, changed text) LANGUAGE plpgsql AS $$
DECLARE
    result text := 'scored';
    old text[];
BEGIN
    IF EXISTS (SELECT FROM customer_ai.models WHERE model = 'kind') THEN
        PERFORM customer_ai.drop_model('kind');
    END IF;
    DROP TABLE IF EXISTS kind.visit CASCADE;
    EXECUTE format('CREATE TABLE kind.visit AS SELECT (%s)::%s AS profile, at, kind FROM kind.source', made, before);
    PERFORM customer_ai.create_model('kind', 'kind.visit', $g$ kind = 'buy' $g$, '14 days', 'profile', 'at', 'kind',
        eligible_window => NULL, options => '{"algorithm": "logistic", "allow_small": true}');
    PERFORM customer_ai.train('kind');
    PERFORM customer_ai.score('kind', '2025-04-12');
    PERFORM customer_ai.create_segment('kind.all_of_them', 'kind', 'score >= 0');
    SELECT array_agg(profile::text ORDER BY profile::text) INTO old FROM kind.kind_scores;
    EXECUTE format('ALTER TABLE kind.visit ALTER profile TYPE %s USING (%s)', after, changed);
    BEGIN
        PERFORM customer_ai.score('kind', '2025-04-12');
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS result = PG_EXCEPTION_DETAIL;
        result := SQLSTATE || ' ' || regexp_replace(SQLERRM || '. ' || result, '_\d+"', '_N"', 'g');
    END;
    INSERT INTO kind.outcome (before, after, result, type, collated, runs, strangers, odd)
    SELECT before, after, result,
        (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'kind.kind_scores'::regclass AND attnum = 1),
        (SELECT collname FROM pg_attribute JOIN pg_collation c ON c.oid = attcollation WHERE attrelid = 'kind.kind_scores'::regclass AND attnum = 1),
        (SELECT count(DISTINCT run) FROM kind.kind_score_history),
        (SELECT count(*) FROM kind.kind_score_history WHERE run = (SELECT min(run) FROM kind.kind_score_history)
            AND profile::text <> ALL (old)) +
        (SELECT count(*) FROM kind.kind_scores s WHERE result = 'scored' AND NOT EXISTS (
            SELECT FROM kind.visit v WHERE v.profile::text = s.profile::text)),
        (SELECT count(*) FROM pg_attribute a JOIN pg_inherits i ON i.inhrelid = a.attrelid
            JOIN pg_attribute h ON h.attrelid = i.inhparent AND h.attname = a.attname
            WHERE i.inhparent = 'kind.kind_score_history'::regclass
                AND (a.atttypid, a.atttypmod, a.attcollation) <> (h.atttypid, h.atttypmod, h.attcollation)) +
        (SELECT abs(count(*) - (SELECT count(*) FROM kind.kind_scores)) FROM kind.all_of_them JOIN kind.kind_scores USING (profile));
END $$;
CALL kind.retype('int', 'profile', 'bigint', 'profile + 3000000000');
CALL kind.retype('int', 'profile', 'smallint', 'profile');
CALL kind.retype('bigint', 'profile', 'int', 'profile');
CALL kind.retype('bigint', 'profile + 3000000000', 'int', 'profile - 3000000000');
CALL kind.retype('text', 'profile', 'bigint', 'profile::bigint');
CALL kind.retype('text', 'lpad(profile::text, 6, ''0'')', 'bigint', 'profile::bigint');
CALL kind.retype('text', '''c'' || profile', 'int', 'substr(profile, 2)::int');
CALL kind.retype('bigint', 'profile', 'text', 'profile::text');
CALL kind.retype('bigint', 'profile', 'uuid', 'md5(profile::text)::uuid');
CALL kind.retype('uuid', 'md5(profile::text)::uuid', 'text', 'profile::text');
CALL kind.retype('text', 'md5(profile::text)::uuid', 'uuid', 'profile::uuid');
CALL kind.retype('uuid', 'md5(profile::text)::uuid', 'bigint', '(''x'' || left(profile::text, 8))::bit(32)::bigint');
CALL kind.retype('varchar(10)', 'profile', 'varchar(40)', 'profile || repeat(''x'', 20)');
CALL kind.retype('varchar(40)', 'profile || repeat(''x'', 20)', 'varchar(10)', 'left(profile, 10)');
CALL kind.retype('varchar(10)', 'profile', 'text', 'profile');
CALL kind.retype('text', 'profile', 'text COLLATE "C"', 'profile');
CALL kind.retype('text', 'profile', 'kind.key', 'profile');
CALL kind.retype('int', 'profile', 'kind.small', 'profile');
CALL kind.retype('int', 'profile', 'int', '-profile');
SELECT number, before, after, result, type, collated, runs, strangers, odd FROM kind.outcome ORDER BY number;

-- the constraints of a domain hold for what is written, also those that older rows do not meet
CALL kind.retype('kind.small', 'profile', 'kind.small', 'profile');
ALTER DOMAIN kind.small ADD CHECK (VALUE < 100) NOT VALID;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
ALTER DOMAIN kind.small DROP CONSTRAINT small_check1;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');

-- what reads the scores is made again as it was: rights, comments, options, indexes, data
CALL kind.retype('int', 'profile', 'int', 'profile');
CREATE ROLE regress_kind_a;
CREATE ROLE regress_kind_b;
ALTER DEFAULT PRIVILEGES IN SCHEMA kind GRANT SELECT ON TABLES TO regress_kind_b;
ALTER VIEW kind.kind_scores SET (security_barrier);
GRANT SELECT ON kind.kind_scores TO regress_kind_a WITH GRANT OPTION;
GRANT SELECT (bucket), UPDATE (bucket) ON kind.kind_scores TO PUBLIC;
COMMENT ON COLUMN kind.kind_scores.profile IS 'a person''s number';
GRANT SELECT ON kind.all_of_them TO regress_kind_a;
CREATE INDEX by_score ON kind.all_of_them (score DESC);
COMMENT ON COLUMN kind.all_of_them.score IS 'of today';
SELECT customer_ai.create_segment('kind.some', 'kind', $$ profile > 60 AND bucket <> 'low' $$);
REFRESH MATERIALIZED VIEW kind.some WITH NO DATA;
CREATE INDEX by_class ON kind.kind_score_history (bucket);
GRANT SELECT ON kind.kind_score_history TO regress_kind_a;
CREATE VIEW kind.facts AS
SELECT c.relname, c.relkind, c.reloptions, c.relispopulated, array(SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = c.oid ORDER BY 1) AS indexes,
    array(SELECT x FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner ORDER BY x::text)::text
        || array(SELECT (a.attname, a.attacl) FROM pg_attribute a WHERE a.attrelid = c.oid AND attacl IS NOT NULL ORDER BY attnum)::text AS rights,
    array(SELECT (objsubid, description) FROM pg_description WHERE objoid = c.oid ORDER BY objsubid)::text AS comments,
    array(SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 ORDER BY attnum)::text AS columns
FROM pg_class c WHERE relnamespace = 'kind'::regnamespace AND relname IN ('kind_scores', 'kind_score_history', 'all_of_them', 'some');
CREATE TABLE kind.before AS SELECT * FROM kind.facts;
ALTER TABLE kind.visit ALTER profile TYPE bigint;
SET client_min_messages = notice;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SET client_min_messages = error;
SELECT relname, f.reloptions, b.rights = f.rights AND b.comments = f.comments AND b.indexes = f.indexes AND b.columns = f.columns AS same
FROM kind.before b JOIN kind.facts f USING (relname) ORDER BY 1;
SELECT count(*) = (SELECT count(*) FROM kind.kind_scores WHERE profile > 60 AND bucket <> 'low') AS filled FROM kind.some;

-- what others built upon the scores, the history, a run or a segment forbids it, and is named
CREATE VIEW kind.mart AS SELECT profile, score FROM kind.kind_scores;
CREATE VIEW kind.report AS SELECT count(*) FROM kind.all_of_them;
CREATE FUNCTION kind.best() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT profile FROM kind.kind_score_history ORDER BY score DESC LIMIT 1; END;
ALTER TABLE kind.visit ALTER profile TYPE int;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
DROP VIEW kind.mart, kind.report;
DROP FUNCTION kind.best();
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SELECT pg_typeof(profile), count(*) FROM kind.kind_scores GROUP BY 1;
-- a segment whose condition means nothing any more is not lost
SELECT customer_ai.create_segment('kind.few', 'kind', $$ profile % 2 = 0 $$);
ALTER TABLE kind.visit ALTER profile TYPE text USING profile::text;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SELECT count(*) > 0 AS there FROM kind.few;
SELECT customer_ai.drop_segment('kind.few');
SELECT customer_ai.drop_segment('kind.some');
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SELECT pg_typeof(profile), count(*) FROM kind.kind_scores GROUP BY 1;
SELECT count(*) = (SELECT count(*) FROM kind.kind_scores) AS whole FROM kind.all_of_them JOIN kind.kind_scores USING (profile);

-- a constraint on the ids means nothing any more
ALTER TABLE kind.kind_score_history ADD CHECK (profile <> '');
ALTER TABLE kind.visit ALTER profile TYPE bigint USING profile::bigint;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
ALTER TABLE kind.kind_score_history DROP CONSTRAINT kind_score_history_profile_check;
ALTER TABLE kind.visit ALTER profile TYPE text;

-- the history's own type changed by hand, the profiles' did not
DROP MATERIALIZED VIEW kind.all_of_them;
DROP VIEW kind.kind_scores;
ALTER TABLE kind.kind_score_history ALTER profile TYPE varchar(30);
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'kind.kind_score_history'::regclass AND attnum = 1;
-- renamed
ALTER TABLE kind.kind_score_history RENAME profile TO person;
SELECT profiles FROM customer_ai.score('kind', '2025-04-12');
SELECT customer_ai.drop_model('kind');
DROP SCHEMA kind CASCADE;
DROP ROLE regress_kind_a, regress_kind_b;
