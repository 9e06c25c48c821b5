-- Everybody may use the extension; row-level security decides whose models. A role sees and changes the rows of
-- models whose owner it is or is a member of, so every function can run with the rights of its caller.
SET LOCAL search_path TO pg_catalog, pg_temp;
GRANT USAGE ON SCHEMA customer_ai TO PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    customer_ai.model, customer_ai.event_source, customer_ai.profile_source,
    customer_ai.version, customer_ai.run, customer_ai.segment
    TO PUBLIC;
GRANT SELECT ON customer_ai.models, customer_ai.versions, customer_ai.runs, customer_ai.segments TO PUBLIC;
-- pg_dump by an ordinary role reads the counters.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA customer_ai TO PUBLIC;

ALTER TABLE customer_ai.model ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.model USING (customer_ai._is_mine(owner));

-- The policy of model applies inside these subqueries as well: no row of model, no row here.
ALTER TABLE customer_ai.event_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.event_source
    USING (EXISTS (SELECT FROM customer_ai.model m WHERE m.id = model_id));
ALTER TABLE customer_ai.profile_source ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.profile_source
    USING (EXISTS (SELECT FROM customer_ai.model m WHERE m.id = model_id));
ALTER TABLE customer_ai.version ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.version
    USING (EXISTS (SELECT FROM customer_ai.model m WHERE m.id = model_id));
ALTER TABLE customer_ai.run ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.run
    USING (EXISTS (SELECT FROM customer_ai.model m WHERE m.id = model_id));
ALTER TABLE customer_ai.segment ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON customer_ai.segment
    USING (EXISTS (SELECT FROM customer_ai.model m WHERE m.id = model_id));

SET LOCAL search_path TO customer_ai, pg_temp;
