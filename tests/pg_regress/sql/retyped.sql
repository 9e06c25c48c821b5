-- A version knows what its columns were. One that holds something else now is refused, with both types; another type of the same
-- kind is read on. What may no longer be read is a matter of rights, not of columns.
SET client_min_messages = error;
SET timezone = 'UTC';
CREATE ROLE regress_typist;
CREATE SCHEMA r AUTHORIZATION regress_typist;
SET ROLE regress_typist;
CREATE TYPE r.size AS ENUM ('small', 'big');
CREATE TABLE r.visit (customer_id integer, at timestamptz, amount integer, paid numeric(10, 2), coupon_id bigint, shop varchar(10), code char(3),
    size r.size, seen timestamp, back boolean);
CREATE FUNCTION r.fill() RETURNS void LANGUAGE sql AS $$
    INSERT INTO r.visit SELECT p, timestamptz '2025-01-01' + n * interval '1 day' * (1 + p % 7) + p * interval '1 minute', p % 5 + n % 3, p % 9,
        p % 13, 'shop' || p % 3, 'c' || p % 3, (ARRAY['small', 'big'])[1 + p % 2]::r.size, timestamp '2024-01-01' + p * interval '1 day', p % 2 = 0
    FROM generate_series(1, 200) p, generate_series(1, 40) n WHERE (p * 31 + n * 17) % 11 < 4 + p % 5
$$;
SELECT r.fill();
CREATE TABLE r.person AS SELECT p AS customer_id, p % 4 AS tier, 'k' || p % 2 AS kind FROM generate_series(1, 200) p;
CREATE FUNCTION r.is_due(bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 >= 0';
SELECT customer_ai.create_model('r', 'r.visit', 'r.is_due(amount)', '14 days', 'customer_id', 'at',
    options => '{"algorithm": "logistic", "attributes": {"double": "paid * 2"}}');
SELECT customer_ai.add_profiles('r', 'r.person');
SELECT version FROM customer_ai.train('r', activate => 'always');

-- What the read paths say, as one line each where they differ.
CREATE FUNCTION r.say() RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE statement text; state text; message text; detail text; hint text;
BEGIN
    FOREACH statement IN ARRAY ARRAY['predict(''r'', 17)', 'explain(''r'', 17)', 'features(''r'')', 'score(''r'')'] LOOP
        BEGIN
            EXECUTE 'SELECT 1 FROM customer_ai.' || statement;
            said := 'fine';
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
            said := concat_ws(' | ', state, message, detail, CASE WHEN hint = '' THEN 'NO HINT' END);
        END;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE FUNCTION r.try(alteration text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE lines text[];
BEGIN
    BEGIN
        EXECUTE alteration;
        SELECT array_agg(DISTINCT said) INTO lines FROM r.say();
        RAISE EXCEPTION USING ERRCODE = 'RT000';
    EXCEPTION WHEN SQLSTATE 'RT000' THEN
        RETURN QUERY SELECT unnest(lines);
    END;
END $$;
\pset format unaligned
\pset tuples_only on
-- The same kind.
SELECT r.try('ALTER TABLE r.visit ALTER amount TYPE bigint');
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE float8');
SELECT r.try('ALTER TABLE r.visit ALTER coupon_id TYPE integer');
SELECT r.try('ALTER TABLE r.visit ALTER shop TYPE text');
SELECT r.try('ALTER TABLE r.visit ALTER size TYPE text');
SELECT r.try('ALTER TABLE r.visit ALTER seen TYPE date');
SELECT r.try('ALTER TABLE r.person ALTER tier TYPE numeric');
-- Another kind.
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE date USING date ''2024-01-01'' + paid::int');
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE boolean USING paid > 3');
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE text');
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE char(9)');
SELECT r.try('ALTER TABLE r.visit ALTER paid TYPE jsonb USING to_jsonb(paid)');
SELECT r.try('ALTER TABLE r.visit ALTER coupon_id TYPE numeric(10, 2)');
SELECT r.try('ALTER TABLE r.visit ALTER coupon_id TYPE text');
SELECT r.try('ALTER TABLE r.visit ALTER shop TYPE integer USING length(shop)');
SELECT r.try('ALTER TABLE r.visit ALTER shop TYPE uuid USING md5(shop)::uuid');
SELECT r.try('ALTER TABLE r.visit ALTER seen TYPE bigint USING extract(epoch FROM seen)');
SELECT r.try('ALTER TABLE r.visit ALTER back TYPE integer USING back::int');
SELECT r.try('ALTER TABLE r.person ALTER tier TYPE date USING date ''2024-01-01'' + tier');
SELECT r.try('ALTER TABLE r.person ALTER kind TYPE integer USING right(kind, 1)::int');
SELECT r.try('ALTER TABLE r.visit DROP COLUMN shop');
-- Rights.
RESET ROLE;
GRANT USAGE ON SCHEMA r TO regress_typist;
SELECT r.try('ALTER TABLE r.visit OWNER TO postgres; GRANT SELECT (customer_id, at, amount, paid, coupon_id, code, size, seen, back) ON r.visit TO regress_typist');
SELECT r.try('ALTER TABLE r.visit OWNER TO postgres');
SELECT r.try('ALTER TABLE r.person OWNER TO postgres; GRANT SELECT (customer_id, kind) ON r.person TO regress_typist');
SELECT r.try('ALTER SCHEMA r OWNER TO postgres; REVOKE ALL ON SCHEMA r FROM regress_typist');
SELECT r.try('ALTER FUNCTION r.is_due OWNER TO postgres; REVOKE ALL ON FUNCTION r.is_due FROM public, regress_typist');
\pset format aligned
\pset tuples_only off
SELECT customer_ai.drop_model('r');
DROP SCHEMA r CASCADE;
DROP OWNED BY regress_typist;
DROP ROLE regress_typist;
