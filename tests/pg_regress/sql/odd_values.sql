-- Odd values in event rows: what is left out changes nothing, what is missing is as if NULL, all is counted, and live
-- predictions equal the batch.
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'America/Los_Angeles';
CREATE TABLE plain AS
SELECT p AS profile, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 second' AS at,
    CASE WHEN (p * 31 + n * 17) % 11 < p % 5 THEN 'buy' ELSE 'look' END AS kind,
    (n % 9 * 1.5)::float8 AS amount, (n % 7)::numeric AS price, 'c' || p % 5 AS category
FROM generate_series(1, 300) p, generate_series(1, 20) n;
CREATE TABLE found (name text, document text, skipped jsonb);
-- Trains on a relation of the name "visit" as of an instant, scores, and compares live predictions with the batch.
CREATE FUNCTION try(variant text, model text DEFAULT 'odd') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    different bigint;
BEGIN
    PERFORM customer_ai.train(model, as_of => '2025-05-01', activate => 'always');
    INSERT INTO found SELECT variant, md5(v.document), r.skipped
    FROM customer_ai.version v JOIN customer_ai.model m ON m.id = v.model_id JOIN customer_ai.run r ON r.model_id = m.id
    WHERE m.name = model ORDER BY v.id DESC, r.id DESC LIMIT 1;
    PERFORM customer_ai.score(model, as_of => '2025-05-01');
    EXECUTE format('SELECT count(*) FROM %I s, LATERAL customer_ai.predict(%L, s.profile::text, as_of => %L) p
        WHERE mod(hashtext(s.profile::text), 5) = 0 AND (float8send(s.probability), s.factors) IS DISTINCT FROM (float8send(p.probability), p.factors)', model || '_scores', model, '2025-05-01')
        INTO different;
    RETURN format('%s live predictions differ', different);
END $$;
CREATE FUNCTION results() RETURNS TABLE (name text, same boolean, skipped text) LANGUAGE sql AS $$
    SELECT f.name, f.document = first_value(f.document) OVER (),
        (SELECT coalesce(string_agg(key || ' ' || value, ', ' ORDER BY key), 'nothing') FROM jsonb_each(f.skipped) WHERE value <> '0')
    FROM found f $$;
CREATE VIEW visit AS TABLE plain;
CREATE FUNCTION define(model text) RETURNS boolean LANGUAGE sql AS $$
    SELECT customer_ai.create_model(model, 'public.visit', $g$ kind = 'buy' $g$, '10 days', 'profile', 'at', 'kind',
        eligible_window => NULL, options => '{"algorithm": "logistic"}') IS NOT NULL $$;
SELECT define('odd');
SELECT try('plain');

-- Rows without a profile or a time that is one, and events after the cutoff, are left out and counted.
CREATE TABLE useless AS TABLE plain WITH NO DATA;
INSERT INTO useless (profile, at, kind, amount) VALUES (NULL, '2025-02-01', 'buy', 1), (1, NULL, 'buy', 1), (1, 'infinity', 'buy', 1),
    (1, '-infinity', 'buy', 1), (1, '2025-05-01 00:00:00.000001', 'buy', 1), (2, '294276-12-31 12:00', 'new type', 1e6), (9999, '2025-06-01', 'look', 1);
CREATE OR REPLACE VIEW visit AS TABLE plain UNION ALL TABLE useless;
SELECT try('left out');
SELECT * FROM results();
-- Numbers that are not finite, or no float8 holds, are missing. The sign of zero means nothing.
CREATE TABLE number AS TABLE plain WITH NO DATA;
INSERT INTO number SELECT n, timestamptz '2025-02-01' + n * interval '1 second', 'look' FROM generate_series(1, 9) n;
CREATE OR REPLACE VIEW visit AS TABLE plain UNION ALL TABLE number;
TRUNCATE found;
SELECT try('NULL');
UPDATE number SET amount = (ARRAY['NaN', 'Infinity', '-Infinity'])[profile % 3 + 1]::float8,
    price = CASE profile % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' WHEN 3 THEN 1e400 ELSE ('-1' || repeat('0', 9999))::numeric END;
SELECT try('not finite');
SELECT * FROM results();
TRUNCATE found;
UPDATE number SET amount = 0, price = 0;
SELECT try('zero');
UPDATE number SET amount = '-0', price = 1e-400;
SELECT try('minus zero');
SELECT * FROM results();
-- Extremes are numbers like others.
UPDATE number SET amount = CASE WHEN profile < 5 THEN 1.7e308 ELSE -1.7e308 END, price = 1e308;
SELECT try('extreme');
SELECT bool_and(probability BETWEEN 0 AND 1) AS finite FROM odd_scores;

-- Events without a type are a type of their own; the empty text is a type and a category like others.
TRUNCATE number;
INSERT INTO number SELECT p, timestamptz '2025-02-01' + n * interval '1 hour', CASE n WHEN 1 THEN NULL WHEN 2 THEN '' ELSE 'NULL' END, 1, 1, ''
FROM generate_series(1, 300) p, generate_series(1, 3) n;
SELECT try('without type');
SELECT feature FROM customer_ai.features('odd', as_of => '2025-05-01') WHERE feature LIKE 'cnt\_%all' GROUP BY feature ORDER BY feature COLLATE "C";
-- Texts that look alike are different ones: case, composed and decomposed, of no width, from right to left, with quotes.
CREATE TABLE alike AS SELECT t, n FROM unnest(ARRAY['Buy', 'BUY', 'caf' || U&'\00E9', 'cafe' || U&'\0301', 'caf' || U&'\200B' || U&'\00E9',
    U&'\05E9\05DC\05D5\05DD', U&'\+01F389', 'a "quoted" \ back', ' buy ']) WITH ORDINALITY a(t, n);
TRUNCATE number;
INSERT INTO number SELECT p, timestamptz '2025-02-01' + n * interval '1 hour' * (1 + p % 9), t, 1, 1, t FROM generate_series(1, 300) p, alike WHERE p % (n + 1) = 0;
SELECT try('alike');
SELECT count(*) AS texts, bool_and(f.events = g.events) AS as_they_are FROM (
    SELECT kind, count(*)::float8 AS events FROM number GROUP BY kind) g
JOIN (SELECT feature, sum(value) AS events FROM customer_ai.features('odd', as_of => '2025-05-01') GROUP BY feature) f ON f.feature = 'cnt_' || g.kind || '_all';
SELECT bool_and(jsonb_typeof(factors::text::jsonb) = 'array') AS json FROM odd_scores;
-- No event has a type, no attribute a value: the features that are left do.
CREATE OR REPLACE VIEW visit AS SELECT profile, at, NULL::text AS kind, NULL::float8 AS amount, NULL::numeric AS price, NULL::text AS category, kind AS k FROM plain;
SELECT customer_ai.create_model('bare', 'public.visit', $g$ k = 'buy' $g$, '10 days', 'profile', 'at', 'kind',
    eligible_window => NULL, options => '{"algorithm": "logistic", "ignore": ["k"]}') IS NOT NULL AS defined;
SELECT try('bare', 'bare');
SELECT count(DISTINCT value) > 1 AS tells FROM customer_ai.features('bare', as_of => '2025-05-01') WHERE feature = 'cnt_any_all';
SELECT customer_ai.drop_model('bare') IS NOT NULL AS dropped;
DROP VIEW visit CASCADE;

-- Long texts, compressed, toasted or neither: those of the same beginning and length count as the same.
TRUNCATE number;
INSERT INTO number SELECT p, timestamptz '2025-02-01', repeat('x', 10000000), 1, 1, repeat('y', 10000000) FROM generate_series(1, 3) p;
ALTER TABLE number ALTER kind SET STORAGE EXTERNAL, ALTER category SET STORAGE EXTERNAL;
INSERT INTO number SELECT p, timestamptz '2025-02-01', repeat('x', 10000000), 1, 1, repeat('y', 10000000) FROM generate_series(4, 4) p;
INSERT INTO number SELECT p, timestamptz '2025-02-02', repeat('é', 5000), 1, 1, repeat('é', 200) FROM generate_series(1, 4) p;
CREATE VIEW visit AS TABLE plain UNION ALL TABLE number;
TRUNCATE found;
SELECT try('stored');
CREATE OR REPLACE VIEW visit AS TABLE plain UNION ALL SELECT profile, at, kind || '' AS kind, amount, price, category || '' AS category FROM number;
SELECT try('computed');
SELECT * FROM results();
SELECT feature, sum(value) AS events FROM (SELECT regexp_replace(feature, '(.)\1{20,}', '\1..') AS feature, value
    FROM customer_ai.features('odd', as_of => '2025-05-01') WHERE feature ~ '^cnt_.*(xxx|yyy|ééé).*all$') f GROUP BY feature ORDER BY feature COLLATE "C";

-- Equal times and whole duplicates, in any order: one result. The same event twice counts twice.
DROP VIEW visit;
CREATE TABLE visit AS SELECT profile, date_trunc('week', at) AS at, kind, amount, price, category FROM plain;
INSERT INTO visit TABLE visit;
TRUNCATE found;
SELECT try('as it is');
CREATE TABLE other AS SELECT * FROM visit ORDER BY md5(visit::text || ctid::text);
TRUNCATE visit; INSERT INTO visit TABLE other;
SELECT try('other order');
SELECT * FROM results();
SELECT f.value = count(*) AS counted_twice FROM customer_ai.features('odd', as_of => '2025-05-01') f, visit v
WHERE f.profile = '7' AND f.feature = 'cnt_any_all' AND v.profile = 7 AND v.at <= '2025-05-01' GROUP BY f.value;

-- Times before 1970 and BC, as timestamp and as date, in a time zone where the first and last of them are no instants.
DROP TABLE visit CASCADE;
CREATE TABLE visit AS SELECT profile, at::timestamp AS at, kind, amount, price, category FROM plain;
INSERT INTO visit SELECT p, t, 'look' FROM generate_series(1, 300) p, (VALUES (timestamp '4714-11-24 BC'), ('1969-12-31 23:59:59'),
    ('294276-12-31 23:59:59.999999'), ('infinity'), ('-infinity')) v(t);
TRUNCATE found;
SELECT try('timestamp');
SELECT max(value) > 2400000 AS age_of_first FROM customer_ai.features('odd', as_of => '2025-05-01') WHERE feature = 'ten_first';
ALTER TABLE visit ALTER at TYPE date USING CASE WHEN at > '294276-01-01' AND at < 'infinity' THEN '5874897-12-31' ELSE at::date END;
SELECT try('date');
SELECT name, skipped FROM results();

-- An empty profile key, and one that is long: read whole, written whole.
DROP TABLE visit CASCADE;
CREATE TABLE visit AS SELECT CASE profile WHEN 1 THEN '' WHEN 2 THEN repeat('long', 5000) WHEN 3 THEN repeat('long', 4999) || 'tail' ELSE profile::text END AS profile,
    at, kind, amount, price, category FROM plain;
SELECT customer_ai.drop_model('odd') IS NOT NULL AS dropped, define('odd');
SELECT try('keys');
SELECT length(profile) FROM odd_scores WHERE profile = '' OR profile ~ '^long' ORDER BY profile;

SELECT customer_ai.drop_model('odd') IS NOT NULL AS dropped;
DROP TABLE visit, plain, useless, number, other, found, alike CASCADE;
DROP FUNCTION try, results, define;
