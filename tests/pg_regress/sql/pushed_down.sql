-- The aggregates by themselves: what they take, what they refuse, and that their functions cannot be called alone.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'UTC';
SET client_min_messages = error;
CREATE TABLE visit AS
    SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        CASE n % 3 WHEN 0 THEN 'buy' ELSE 'look' END AS kind, (n % 5)::float8 AS amount, 'page ' || n % 4 AS page
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
SELECT customer_ai.create_model('return', 'visit', 'kind = ''buy''', '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic"}') IS NOT NULL AS defined;
DO $$ BEGIN PERFORM customer_ai.train('return', as_of => '2025-06-01'); END $$;
SELECT encode(document, 'hex') AS doc FROM customer_ai.version \gset

-- A document is checked wholly when it comes in, and goes out as it came.
SELECT customer_ai_internal.model_document :'doc' IS NOT NULL AS accepted, (customer_ai_internal.model_document :'doc')::text = :'doc' AS the_same;
SELECT customer_ai_internal.model_document 'zz';
SELECT customer_ai_internal.model_document '0';
SELECT customer_ai_internal.model_document '';
SELECT left(:'doc', -2)::customer_ai_internal.model_document;
SELECT overlay(:'doc' PLACING CASE substr(:'doc', 5001, 1) WHEN '0' THEN '1' ELSE '0' END FROM 5001)::customer_ai_internal.model_document;
SELECT '\x00'::bytea::customer_ai_internal.model_document;
CREATE TABLE document AS SELECT :'doc'::customer_ai_internal.model_document AS document;
\copy document TO PROGRAM 'cat > "$OUTPUT/document"' (FORMAT binary)
\copy document FROM PROGRAM 'cat "$OUTPUT/document"' (FORMAT binary)
\copy document FROM PROGRAM 'sed s/CUSTAI/CUSTOM/ "$OUTPUT/document"' (FORMAT binary)
SELECT count(*) AS documents, count(DISTINCT document::text) AS distinct FROM document;

-- One answer for each profile; none without rows. Who is not eligible has counts only.
PREPARE ask (customer_ai_internal.model_document, timestamptz, timestamptz) AS
    SELECT profile, length(customer_ai_internal.event_features($1, $2, $3, '{}', at, kind, kind = 'buy', true, false, amount, page)) AS features,
        length(customer_ai_internal.event_scores($1, $2, $3, '{"factors": 2}', at, kind, kind = 'buy', true, false, amount, page)) > 100 AS scored
    FROM visit WHERE profile < 3 GROUP BY profile ORDER BY profile;
EXECUTE ask (:'doc', '2025-06-01', NULL);
EXECUTE ask (:'doc', '2025-06-01', '2025-06-01');
EXECUTE ask (:'doc', '2020-01-01', NULL);
SELECT customer_ai_internal.event_features(:'doc', now(), NULL, '{}', at, kind, true, true, false, amount, page) IS NULL AS nothing FROM visit WHERE false;
-- Counts are five words, then three for each stretch of time: its first and last instant, and its events.
CREATE FUNCTION words(bytea) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT array_agg(word ORDER BY n) FROM (
        SELECT n, sum(get_byte($1, 8 * n + k)::bigint << 8 * k)::bigint AS word
        FROM generate_series(0, length($1) / 8 - 1) n, generate_series(0, 7) k GROUP BY n) w $$;
CREATE FUNCTION micros(timestamptz) RETURNS bigint LANGUAGE sql AS $$ SELECT (extract(epoch FROM $1) * 1000000)::bigint $$;
SELECT count(*), bool_and(w[1] = events) AS events, bool_and(w[2] = later) AS later, bool_and(w[6] = first) AS first,
    bool_and(w[array_length(w, 1) - 1] = last) AS last,
    bool_and((SELECT sum(w[n]) FROM generate_series(8, array_length(w, 1), 3) n) = events) AS stretches
FROM (SELECT words(customer_ai_internal.event_counts('2025-03-01 12:00', '{"timezone": "UTC", "numbers": 1, "texts": 1}',
            at, kind, false, false, false, amount, page)) AS w,
        count(*) FILTER (WHERE at <= '2025-03-01 12:00') AS events, count(*) FILTER (WHERE at > '2025-03-01 12:00') AS later,
        micros(min(at)) AS first, micros(max(at) FILTER (WHERE at <= '2025-03-01 12:00')) AS last
    FROM visit GROUP BY profile) counts;
SELECT words(customer_ai_internal.event_counts('infinity', '{"timezone": "Europe/Berlin", "numbers": 0, "texts": 0}', day, NULL::text, false, false, false, NULL::bool))
    FROM (VALUES (date '2025-01-01')) d (day);
SELECT words(customer_ai_internal.event_counts('2025-02-01', '{"timezone": "Europe/Berlin", "numbers": 0, "texts": 0}', day, NULL::text, false, false, false, NULL::bool))
    FROM (VALUES (date '2025-01-01'), ('infinity'), (NULL), ('5000000-01-01')) d (day);

-- What is asked must be the same for all rows, and be given.
EXECUTE ask (NULL, '2025-06-01', NULL);
EXECUTE ask (:'doc', NULL, NULL);
EXECUTE ask (:'doc', 'infinity', NULL);
SELECT customer_ai_internal.event_features((SELECT :'doc'::customer_ai_internal.model_document), '2025-06-01', NULL, '{}', at, kind, true, true, false, amount, page) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', at, NULL, '{}', at, kind, true, true, false, amount, page) FROM visit;

-- Arguments that do not fit the model.
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{}', at, kind, true, true, false, amount) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{}', at, kind, true, true, false, page, amount) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{}', kind, kind, true, true, false, amount, page) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{"zone": "UTC"}', at, kind, true, true, false, amount, page) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '[]', at, kind, true, true, false, amount, page) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{"timezone": "nowhere"}', at::timestamp, kind, true, true, false, amount, page) FROM visit;
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{}', at, kind, true, true, false, VARIADIC ARRAY[amount]) FROM visit;

-- Not over a window, and no part by itself.
SELECT customer_ai_internal.event_features(:'doc', '2025-06-01', NULL, '{}', at, kind, true, true, false, amount, page) OVER () FROM visit;
DO $$ BEGIN PERFORM customer_ai_internal.event_collect(NULL::internal, NULL, NULL, NULL, NULL, 1, 1, NULL, NULL, NULL); EXCEPTION WHEN cannot_coerce OR feature_not_supported THEN RAISE INFO 'refused'; END $$;
DO $$ BEGIN PERFORM customer_ai_internal.event_deserialize('\x00', NULL::internal); EXCEPTION WHEN cannot_coerce OR feature_not_supported THEN RAISE INFO 'refused'; END $$;
DO $$ BEGIN PERFORM customer_ai_internal.model_document_recv(NULL::internal); EXCEPTION WHEN cannot_coerce OR feature_not_supported THEN RAISE INFO 'refused'; END $$;
-- Only a superuser could put the functions into another aggregate, and then they refuse what is not theirs.
CREATE AGGREGATE mine (bytea) (SFUNC = customer_ai_internal.event_deserialize, STYPE = internal);
CREATE ROLE maker;
GRANT CREATE ON SCHEMA public TO maker;
SET ROLE maker;
CREATE AGGREGATE mine (*) (SFUNC = customer_ai_internal.event_features_final, STYPE = internal);
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM maker;
DROP ROLE maker;

-- A model without attributes.
SELECT customer_ai.create_model('bare', 'visit', 'kind = ''buy''', '14 days', 'profile', 'at', 'kind',
    options => '{"algorithm": "logistic", "ignore": ["amount", "page"]}') IS NOT NULL AS defined;
DO $$ BEGIN PERFORM customer_ai.train('bare'); PERFORM customer_ai.score('bare'); END $$;
CREATE TABLE streamed AS SELECT profile, probability, factors FROM bare_scores;
SET customer_ai.feeder = pushed_down;
DO $$ BEGIN PERFORM customer_ai.score('bare'); END $$;
SELECT count(*) > 10 AS scored, bool_and(s.probability = b.probability AND s.factors = b.factors) AS the_same
FROM streamed s FULL JOIN bare_scores b USING (profile);
RESET customer_ai.feeder;
SELECT detail ->> 'feeder' AS feeder FROM customer_ai.runs WHERE kind = 'score' AND model = 'bare' ORDER BY run;
SELECT customer_ai.drop_model('bare') IS NOT NULL AS dropped;

-- The feeder can be chosen; where it cannot be had, that is said.
SET customer_ai.feeder = pushed_down;
SELECT profiles > 10 AS scored FROM customer_ai.score('return');
SELECT detail ->> 'feeder' AS feeder FROM customer_ai.runs WHERE kind = 'score';
SELECT count(*) > 1000 AS features FROM customer_ai.features('return');
-- What a model cannot answer there it answers here, from histories: conditions with aggregates, several sources.
SELECT customer_ai.create_model('often', 'visit', 'true', '14 days', 'profile', 'at', eligible => 'count(*) > 3') IS NOT NULL AS defined;
SELECT count(*) > 1000 AS features FROM customer_ai.features('often');
SELECT positives > 100 AS trained FROM customer_ai.train('often');
SELECT profiles > 10 AS scored FROM customer_ai.score('often');
SELECT customer_ai.add_events('return', 'visit', event_type => 'again', profile_column => 'profile', time_column => 'at') IS NOT NULL AS added;
SELECT profiles > 10 AS scored FROM customer_ai.score('return');
SELECT kind, model, detail ->> 'feeder' AS feeder FROM customer_ai.runs WHERE kind IN ('train', 'score') ORDER BY run DESC LIMIT 3;
-- Equal keys of different types are not equal bytes, unless they are integers.
CREATE VIEW narrow AS SELECT profile::smallint, at FROM visit;
CREATE VIEW named AS SELECT 'p' || profile AS profile, at FROM visit;
CREATE VIEW padded AS SELECT ('p' || profile)::char(9) AS profile, at FROM visit;
SELECT customer_ai.add_events('often', 'narrow', event_type => 'narrow', profile_column => 'profile', time_column => 'at') IS NOT NULL AS added;
SELECT count(*) > 5 AS checked FROM customer_ai.check_model('often');
SELECT customer_ai.create_model('named', 'named', 'true', '14 days', 'profile', 'at') IS NOT NULL AS defined;
SELECT customer_ai.add_events('named', 'padded', event_type => 'padded', profile_column => 'profile', time_column => 'at') IS NOT NULL AS added;
SELECT * FROM customer_ai.check_model('named');
SET customer_ai.feeder = nowhere;
RESET customer_ai.feeder;
SELECT profiles > 10 AS scored FROM customer_ai.score('return');
SELECT detail ->> 'feeder' AS feeder FROM customer_ai.runs WHERE kind = 'score' ORDER BY run DESC LIMIT 1;

SELECT customer_ai.drop_model(model) IS NOT NULL AS dropped FROM customer_ai.models;
DROP VIEW narrow, named, padded;
DROP TABLE visit, document, streamed;
