-- Profile and time may be left out when there is one plausible choice; a NOTICE says which. Types must fit.
\set VERBOSITY default
\set SHOW_CONTEXT never
\set create 'SELECT customer_ai.create_model(''m'', ''e'', ''true'', ''1 day'''
\set drop 'DROP TABLE e; SELECT customer_ai.drop_model(model) FROM customer_ai.models'

-- what is called like a profile comes before what only ends like a key
CREATE TABLE e (session_id uuid, account_id uuid, at timestamptz, amount numeric);
:create);
:drop;
-- else the only column that refers to something and is not the key of the row
CREATE TABLE e (order_id bigint PRIMARY KEY, tenant_id int, day date);
:create);
:drop;

-- two plausible choices, and none
CREATE TABLE e (user_id bigint, account_id bigint, at timestamptz, updated_at timestamp);
:create);
:create, profile_column => 'user_id');
:drop;
CREATE TABLE e (amount float8, note text);
:create);
:create, profile_column => 'note');
:drop;

-- types
CREATE TABLE e (customer_id float8, code varchar(10), seen bigint, at timestamptz);
:create);
:create, profile_column => 'customer_id');
:create, profile_column => 'code', time_column => 'seen');
:create, profile_column => 'code', time_column => 'code');
:create, profile_column => 'code', time_column => 'at', type_column => 'code');
:create, profile_column => 'code', time_column => 'at', type_column => 'at');
:create, profile_column => 'coda', time_column => 'at');
:create, profile_column => 'code', time_column => 'at', type_column => 'kind');
:drop;
