-- examples: an outcome that is not known yet is no negative; columns of the wrong kind are named
\set VERBOSITY default
SET timezone = 'UTC';
CREATE TABLE e AS SELECT n % 50 AS customer_id, timestamptz '2024-01-01' + n * interval '1 hour' AS at
FROM generate_series(1, 2400) n;
SELECT customer_ai.create_model('m', 'e', 'true', '30 days', 'customer_id', 'at');
CREATE TABLE ex AS SELECT c AS customer_id, timestamptz '2024-03-25' AS cutoff FROM generate_series(1, 9) c;
SELECT version FROM customer_ai.train('m', examples => 'ex');
-- who says as of when the events are known is believed, as where cutoffs are found
SELECT version FROM customer_ai.train('m', as_of => '2024-04-23', examples => 'ex');
SELECT version FROM customer_ai.train('m', as_of => '2024-04-24', examples => 'ex');
ALTER TABLE ex ADD label text;
SELECT version FROM customer_ai.train('m', examples => 'ex');
ALTER TABLE ex ALTER label TYPE boolean USING false;
SELECT version FROM customer_ai.train('m', examples => 'ex');
ALTER TABLE ex RENAME cutoff TO day;
SELECT version FROM customer_ai.train('m', examples => 'ex');
TRUNCATE ex;
ALTER TABLE ex RENAME day TO cutoff;
SELECT version FROM customer_ai.train('m', examples => 'ex');
SELECT customer_ai.drop_model('m');
DROP TABLE e, ex;
