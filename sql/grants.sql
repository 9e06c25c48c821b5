-- Nobody touches the tables but the extension, as their owner, after it has asked whose model it is (src/catalog): so no
-- role can lock them, and the views show a role the models whose owner it is or is a member of.
SET LOCAL search_path TO pg_catalog, pg_temp;
GRANT USAGE ON SCHEMA customer_ai TO PUBLIC;
-- The queries of a model name what is internal too, and they run with the rights of its owner, here and on other servers.
GRANT USAGE ON SCHEMA customer_ai_internal TO PUBLIC;
GRANT SELECT ON customer_ai.models, customer_ai.sources, customer_ai.event_definitions, customer_ai.labels, customer_ai.versions, customer_ai.version_reports, customer_ai.runs, customer_ai.segments,
    customer_ai.segment_changes, customer_ai.segment_sizes,
    customer_ai.progress, customer_ai.audit, customer_ai.schedules TO PUBLIC;

-- Who owns the database dumps and restores it, and need not be a superuser: pg_dump reads whole tables (with row-level
-- security it would refuse), pg_restore copies rows into them and sets the counters.
GRANT SELECT, INSERT ON
    customer_ai.model, customer_ai.event_source, customer_ai.profile_source,
    customer_ai.event_definition, customer_ai.label,
    customer_ai.version, customer_ai.run, customer_ai.outcome, customer_ai.segment, customer_ai.segment_refresh, customer_ai.segment_change,
    customer_ai.failed_run, customer_ai.audit_entry
    TO pg_database_owner;
GRANT SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA customer_ai TO pg_database_owner;

-- The rows of a model are code that runs with the rights of its owner. Whoever copies rows in may only write in the name
-- of a role that they are a member of; what was somebody else's becomes theirs, as pg_restore --no-owner does with tables.
-- A superuser may write anything: an owner that does not exist is kept, and the model waits for alter_model.
CREATE FUNCTION customer_ai_internal.own_row() RETURNS trigger LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = TG_RELID) THEN
        IF NEW.owner IS NULL THEN
            NEW.owner := (SELECT m.owner FROM customer_ai.model m WHERE m.id = NEW.model_id);
        END IF;
    ELSIF customer_ai_internal.is_mine(NEW.owner) IS NOT TRUE
        AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
    THEN
        IF TG_TABLE_NAME = 'model' THEN
            RAISE NOTICE 'model "%" of role "%" becomes a model of role "%"', NEW.name, NEW.owner, current_user
                USING DETAIL = 'Only a member of a role can make models of that role.';
        END IF;
        NEW.owner := current_user;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.model
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.event_source
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.profile_source
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.event_definition
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.label
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.version
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.run
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.outcome
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.segment
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.failed_run
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.audit_entry
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.segment_refresh
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
CREATE TRIGGER own_row BEFORE INSERT ON customer_ai.segment_change
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.own_row();
-- Also for a session that replicates.
ALTER TABLE customer_ai.model ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.event_source ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.profile_source ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.event_definition ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.label ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.version ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.run ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.outcome ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.segment ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.failed_run ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.audit_entry ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.segment_refresh ENABLE ALWAYS TRIGGER own_row;
ALTER TABLE customer_ai.segment_change ENABLE ALWAYS TRIGGER own_row;

-- An OID means something else in another database; only the extension notes them, by UPDATE.
CREATE FUNCTION customer_ai_internal.no_place() RETURNS trigger LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp AS $$
BEGIN
    NEW.place := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER no_place BEFORE INSERT ON customer_ai.model
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.no_place();
CREATE TRIGGER no_place BEFORE INSERT ON customer_ai.event_source
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.no_place();
CREATE TRIGGER no_place BEFORE INSERT ON customer_ai.profile_source
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.no_place();
CREATE TRIGGER no_place BEFORE INSERT ON customer_ai.segment
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.no_place();
ALTER TABLE customer_ai.model ENABLE ALWAYS TRIGGER no_place;
ALTER TABLE customer_ai.event_source ENABLE ALWAYS TRIGGER no_place;
ALTER TABLE customer_ai.profile_source ENABLE ALWAYS TRIGGER no_place;
ALTER TABLE customer_ai.segment ENABLE ALWAYS TRIGGER no_place;

-- From then on the model is of the role that has the name now, and of no later one.
CREATE FUNCTION customer_ai_internal.note_row() RETURNS trigger LANGUAGE plpgsql SET search_path TO pg_catalog, pg_temp AS $$
BEGIN
    PERFORM customer_ai_internal.note(NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_row AFTER INSERT ON customer_ai.model
    FOR EACH ROW EXECUTE FUNCTION customer_ai_internal.note_row();

SET LOCAL search_path TO customer_ai, pg_temp;
