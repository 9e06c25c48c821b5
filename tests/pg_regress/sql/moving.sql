-- A model moves as one JSON document: it predicts the same to the bit on the same data. What comes in is checked like
-- anything that a user writes, and the version wholly.
\set SHOW_CONTEXT never
\set VERBOSITY default
SET timezone = 'Asia/Tokyo';
SET client_min_messages = error;
CREATE SCHEMA old;
CREATE TABLE old.visit AS
    SELECT p AS profile, timestamp '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute' AS at,
        (p * 7 + n * 13) % 50 AS amount, CASE WHEN (p + n) % 3 = 0 THEN 'view' ELSE 'buy' END AS what
    FROM generate_series(1, 400) p, generate_series(1, 40) n
    WHERE (p * 31 + n * 17) % 11 < 4 + p % 5;
CREATE TABLE old.mail AS SELECT profile, at + interval '3 hours' AS sent, 'spring' AS campaign FROM old.visit WHERE amount < 10;
CREATE TABLE old.person AS SELECT p AS profile, 'grade ' || p % 3 AS grade FROM generate_series(1, 400) p;
SELECT customer_ai.create_model('m', 'old.visit', 'amount > 25', '1 mon 2 days', 'profile', 'at', 'what', description => 'moves',
    options => '{"scores": "sc", "attributes": {"half": "amount / 2"}, "seed": 7}');
SELECT customer_ai.add_events('m', 'old.mail', 'profile', 'sent', event_type => 'mail', where_clause => 'campaign IS NOT NULL');
SELECT customer_ai.add_profiles('m', 'old.person', 'profile', '{grade}');
SELECT customer_ai.add_event_definition('m', 'Large order', 'amount > 40');
SELECT customer_ai.describe_column('m', 'amount', 'order value', 'EUR');
SELECT customer_ai.alter_model('m', goal => $$ "Large order" OR campaign = 'autumn' $$, eligible => $$ count(*) FILTER (WHERE source = 'visit') > 1 $$,
    eligible_window => '50 days', exclude => 'amount = 49', exclude_window => '3 days');
SELECT version FROM customer_ai.train('m');
SELECT customer_ai.label_version('m', 1, 'from afar');
CREATE TABLE old.moved AS SELECT customer_ai.export_model('m') AS document;
SELECT jsonb_pretty((document - 'version') || '{}') FROM old.moved;
SELECT k FROM old.moved, jsonb_object_keys(document -> 'version') k ORDER BY k COLLATE "C";

-- into another session's settings: the same to the bit, live and in bulk
SET timezone = 'America/New_York';
SET IntervalStyle = 'iso_8601';
SELECT customer_ai.import_model(document, 'copy') FROM old.moved;
SELECT a.part, a.value AS original, b.value AS copy
FROM (SELECT key AS part, value FROM customer_ai.models m, jsonb_each_text(to_jsonb(m)) WHERE model = 'm') a
FULL JOIN (SELECT key AS part, value FROM customer_ai.models m, jsonb_each_text(to_jsonb(m)) WHERE model = 'copy') b USING (part)
WHERE a.value IS DISTINCT FROM b.value AND part NOT LIKE '%\_at' ORDER BY part COLLATE "C";
SELECT count(*) AS different FROM (
    SELECT format('%s', to_jsonb(s) - 'model' - 'position') FROM customer_ai.sources s GROUP BY 1 HAVING count(*) <> 2) d;
SELECT v.label, v.active, v.auc = o.auc AS same, v.trained_at = o.trained_at AS same, v.cutoffs = o.cutoffs AS same, v.last_cutoff = o.last_cutoff AS same
FROM customer_ai.versions v, customer_ai.versions o WHERE v.model = 'copy' AND o.model = 'm';
SELECT a.profiles > 10 AND a.profiles = b.profiles AS same FROM customer_ai.score('m') a, customer_ai.score('copy') b;
SELECT count(*) AS different FROM old.sc a FULL JOIN old.copy_scores b USING (profile)
WHERE (a.probability, a.score, a.percentile, a.bucket, a.factors) IS DISTINCT FROM (b.probability, b.score, b.percentile, b.bucket, b.factors);
-- what the version learned from came along: its runs are held against it
SELECT count(*) AS factors, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS different, bool_and(a.stability_index IS NOT NULL) AS known
FROM (SELECT kind, name, stability_index, level, training_rows, profiles FROM customer_ai.drift('m')) a
FULL JOIN (SELECT kind, name, stability_index, level, training_rows, profiles FROM customer_ai.drift('copy')) b USING (kind, name);
CREATE VIEW old.drilled AS SELECT m.model, f.factor, d.bin, d.value, d.bucket, d.profiles, d.share_at_training
    FROM (VALUES ('m'), ('copy')) m (model), customer_ai.bucket_factors(m.model, 'low') f, customer_ai.drilldown(m.model, f.factor) d;
SELECT count(*) > 100 AS any, count(*) FILTER (WHERE copies <> 2) AS different
FROM (SELECT count(*) AS copies FROM old.drilled GROUP BY factor, bin, value, bucket, profiles, share_at_training) d;
SELECT a.probability = b.probability AND a.factors = b.factors AS same FROM customer_ai.predict('m', 7) a, customer_ai.predict('copy', 7) b;
-- exported again it is the same document
SELECT c.document #- '{model,name}' = o.document #- '{model,name}' AS same FROM old.moved o, customer_ai.export_model('copy') c (document);
-- another relation of the same columns, called otherwise: its events are still called as they were
CREATE TABLE old.other AS TABLE old.visit;
SELECT customer_ai.import_model(document, 'third', 'old.other') FROM old.moved;
SELECT a.probability = b.probability AS same FROM customer_ai.predict('m', 7, '2025-05-01') a, customer_ai.predict('third', 7, '2025-05-01') b;
-- a version of another definition says so also where it moves to
SELECT customer_ai.alter_model('third', goal => 'amount > 30', outcome_window => '20 days');
CREATE TABLE old.altered AS SELECT customer_ai.export_model('third') AS document;
SELECT document -> 'version' -> 'altered' AS altered FROM old.altered;
SELECT customer_ai.import_model(document, 'fourth') FROM old.altered;
SET client_min_messages = warning;
SELECT count(*) FROM customer_ai.predict('third', 7);
SELECT count(*) FROM customer_ai.predict('fourth', 7);
SET client_min_messages = error;
SELECT customer_ai.export_model('fourth') #- '{model,name}' = document #- '{model,name}' AS same FROM old.altered;
-- without a version
SELECT customer_ai.import_model(jsonb_set(document, '{version}', 'null'), 'untrained') FROM old.moved;
SELECT customer_ai.predict('untrained', 7);
SET client_min_messages = notice;

-- hostile documents: each is refused with its own message, and leaves nothing
SELECT customer_ai.import_model(document) FROM old.moved;
SELECT customer_ai.import_model('1');
SELECT customer_ai.import_model('{"customer_ai": 1}');
SELECT customer_ai.import_model(NULL);
CREATE FUNCTION tried(change text[], value jsonb, OUT state text, OUT message text, OUT detail text) LANGUAGE plpgsql AS $$ BEGIN
    PERFORM customer_ai.import_model(jsonb_set(document, change, value), 'hostile') FROM old.moved;
    RAISE EXCEPTION USING ERRCODE = '00000', MESSAGE = 'accepted';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    detail := regexp_replace(detail, 'line 1 column \d+', 'line 1 column N'); -- of a document of some 360 kB
    detail := regexp_replace(detail, 'trained at \d{16}\M', 'trained at N');
END $$;
\pset format unaligned
SELECT t.* FROM (VALUES
    ('{customer_ai}'::text[], '2'::jsonb), ('{evil}', '1'), ('{events}', '[]'), ('{model,goal}', '"true; DROP TABLE old.visit"'),
    ('{model,goal}', '"pg_sleep(1) IS NULL"'), ('{model,goal}', '"(SELECT true FROM pg_authid)"'), ('{model,outcome_window}', '"-1 day"'), ('{model,outcome_window}', '"soon"'),
    ('{model,kind}', '"evil"'), ('{model,options,sead}', '1'), ('{model,options,timezone}', '"Mars"'),
    ('{events,0,relation}', '"pg_authid"'), ('{events,0,schema}', '"pg_catalog"'), ('{events,0,time_column}', '"amount"'),
    ('{events,1,where_clause}', '"now() > sent"'), ('{profiles,0,columns}', '["no"]'), ('{event_definitions,0,condition}', '"1"'),
    ('{event_definitions,0,name}', '"amount"'), ('{version,rows}', '0'), ('{version,positives}', '100000000'), ('{version,auc}', '7'),
    ('{version,document}', '""'), ('{version,document}', '"zz"'), ('{version,document}', '"0"'), ('{version,document}', '"00ff"'),
    ('{version,distribution}', '[]'), ('{version,distribution}', '{"scores": [], "factors": []}'), ('{version,distribution,scores,0}', '-1'),
    ('{version,distribution,scores,0}', '18446744073709551615'), ('{version,distribution,factors,0,factor}', '"<script>"'),
    ('{version,distribution,factors,0,rows}', '[1]'), ('{version,distribution,factors,0,values}', '["NaN"]'), ('{version,judgement}', '"00"'),
    ('{labels,0,column}', '"no"'), ('{labels,0,label}', '"\u0007"'), ('{labels,0,unit}', '"far too long for it"'),
    ('{version,as_of}', '9223372036854775807'), ('{version,report}', '[]'), ('{version,algorithm}', 'null'),
    ('{version,as_of}', '9200000000000000'), ('{version,as_of}', '-9223372036854775808'), ('{version,trained_at}', '9223372036854775807'),
    ('{version,cutoffs}', '[9223372036854775807]'), ('{version,cutoffs}', '[4102444800000000]'), ('{version,label}', '""'),
    ('{version,label}', '"a\nb"'), ('{version,label}', to_jsonb(repeat('x', 64))), ('{version,judgement}', '"00ff"'), ('{version,judgement}', '"0"'),
    ('{version,report}', '{}'), ('{version,report,importance}', '"x"'), ('{version,report,warnings}', '5'), ('{version,report,hold_out}', '[]'),
    ('{events,0,label}', to_jsonb(repeat('x', 64))), ('{events,0,label}', '""'), ('{model,eligible_window}', '"never"')
) c (change, value), tried(change, value) t;
SELECT DISTINCT t.state, t.message FROM old.moved, LATERAL (SELECT document #>> '{version,document}' AS hex) d, generate_series(1, 2001, 250) n,
    tried('{version,document}', to_jsonb(overlay(hex PLACING CASE substr(hex, n, 1) WHEN '0' THEN '1' ELSE '0' END FROM n FOR 1))) t;
\pset format aligned
SELECT model FROM customer_ai.models ORDER BY 1;
SELECT count(*) FROM customer_ai.event_source e WHERE NOT EXISTS (SELECT FROM customer_ai.model m WHERE m.id = e.model_id) HAVING count(*) > 0;

-- with the rights of who imports
CREATE ROLE regress_importer;
GRANT SELECT ON old.moved TO regress_importer;
GRANT USAGE ON SCHEMA old TO regress_importer;
SET ROLE regress_importer;
SELECT customer_ai.export_model('m');
SELECT customer_ai.import_model(document, 'stolen') FROM old.moved;
RESET ROLE;
SET client_min_messages = error;
DO $$ BEGIN PERFORM customer_ai.drop_model(model) FROM customer_ai.models; END $$;
DROP FUNCTION tried;
DROP SCHEMA old CASCADE;
DROP ROLE regress_importer;
