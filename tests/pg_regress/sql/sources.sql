-- Further events and profile attributes: one stream by column name, of matching types.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE SCHEMA shop;
CREATE TABLE shop.orders (customer_id bigint, ordered_at timestamptz, amount numeric, status text);
CREATE TABLE shop.visits (customer_id int, at timestamp, page text, amount float8);
CREATE TABLE shop.calls (caller uuid, at timestamptz);
CREATE TABLE shop.returns (customer_id bigint, at timestamptz, status boolean);
CREATE TABLE shop.letters (customer_id bigint, at date, status varchar(9));
CREATE TABLE shop.customers (customer_id bigint PRIMARY KEY, country text, since date);
SELECT customer_ai.create_model('m', 'shop.orders', goal => $$ source = 'orders' AND amount > 20 $$, outcome_window => '30 days');

SELECT customer_ai.add_events('m', 'shop.visits', event_type => 'visit', where_clause => $$ page <> '/health' -- not people $$);
SELECT customer_ai.add_events('m', 'shop.calls', 'caller');
SELECT customer_ai.add_events('m', 'shop.returns');
SELECT customer_ai.add_events('m', 'shop.letters', event_type => 'letter');
SELECT customer_ai.add_events('m', 'shop.visits', type_column => 'page', event_type => 'visit');
SELECT customer_ai.add_events('m', 'shop.visits', where_clause => 'page) OR (true');
SELECT customer_ai.add_events('m', 'shop.visits', where_clause => $$ count(*) > 1 $$);
SELECT customer_ai.add_events('m', 'shop.visits', where_clause => $$ status = 'paid' $$);
SELECT customer_ai.add_events('m', NULL);
SELECT customer_ai.add_events('n', 'shop.visits');

-- columns called event and source are read as text beside sources that have none
CREATE TYPE shop.kind AS ENUM ('look', 'buy');
CREATE TABLE shop.clicks (customer_id bigint, at timestamptz, event shop.kind, source int);
SELECT customer_ai.add_events('m', 'shop.clicks', type_column => 'event');

SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{country}');
SELECT customer_ai.add_profiles('m', 'shop.customers', valid_from_column => 'since');
SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{contry}');
SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{country,country}');
SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{country,NULL}');
SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{}');
SELECT customer_ai.add_profiles('m', 'shop.customers', columns => '{customer_id}');
SELECT customer_ai.add_profiles('m', 'shop.customers', valid_from_column => 'country');
SELECT customer_ai.add_profiles('m', 'shop.calls', 'caller');

-- what was refused left nothing
SELECT position, relation_name, profile_column, time_column, type_column, event_type, where_clause
FROM customer_ai.event_source ORDER BY position;
SELECT position, relation_name, profile_column, columns, valid_from_column
FROM customer_ai.profile_source ORDER BY position;

-- profiles of further sources must fit into those of the first, also when a column changes later
CREATE TABLE shop.narrow (customer_id integer, at timestamptz, country text);
CREATE TABLE shop.small (customer_id smallint, at timestamptz, country text);
SELECT customer_ai.create_model('n', 'shop.narrow', goal => $$ source = 'shop.narrow' $$, outcome_window => '30 days');
SELECT customer_ai.add_events('n', 'shop.clicks', time_column => 'at', event_type => 'click');
SELECT customer_ai.add_profiles('n', 'shop.clicks');
SELECT customer_ai.add_events('n', 'shop.small');
SELECT customer_ai.add_profiles('n', 'shop.small');
INSERT INTO shop.narrow SELECT n % 9, timestamptz '2025-01-01' + n * interval '1 day' FROM generate_series(1, 200) n;
ALTER TABLE shop.small ALTER customer_id TYPE bigint;
SELECT customer_ai.check_model('n');
SELECT customer_ai.drop_model('n');

-- a model cannot learn from its own scores
CREATE TABLE shop.m_scores (customer_id bigint, scored_at timestamptz);
SELECT customer_ai.add_events('m', 'shop.m_scores');
SELECT customer_ai.drop_model('m');
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
