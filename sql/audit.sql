-- The audit: triggers, so that nothing that alters a definition can forget it. Rows that are copied in from a dump are not
-- what somebody did to a model; those of the extension itself are told by is_our_own.
SET LOCAL search_path TO pg_catalog, pg_temp;

-- Who acts: as_catalog has made current_user the owner of the tables.
CREATE FUNCTION customer_ai_internal.actor() RETURNS name LANGUAGE sql STABLE
    SET search_path TO pg_catalog, pg_temp AS
    $$ SELECT coalesce(nullif(current_setting('role'), 'none'), session_user::text)::name $$;

CREATE FUNCTION customer_ai_internal.audit_row() RETURNS trigger LANGUAGE plpgsql
    SET search_path TO pg_catalog, pg_temp AS $$
DECLARE
    -- Notes of ours, and what follows from the rest.
    kept CONSTANT text[] := '{id,model_id,owner_oid,place,relation_oid,scores_oid,scores_schema_oid,position,goal_sql,goal_aggregates,
        eligible_sql,eligible_aggregates,exclude_sql,exclude_aggregates,attributes_sql,where_sql,condition_sql,created_at,altered_at,
        refreshed_at,profiles,document,report,definition,cutoffs,format,former_versions}';
    was jsonb;
    now_is jsonb;
    whole jsonb;
    model_name text;
    object text;
    verb text := CASE TG_OP WHEN 'INSERT' THEN 'create' WHEN 'DELETE' THEN 'drop' ELSE 'alter' END;
BEGIN
    IF TG_TABLE_NAME <> 'model' THEN
        -- What goes with its model is in the entry of that.
        IF TG_OP = 'DELETE' THEN
            model_name := (SELECT m.name FROM customer_ai.model m WHERE m.id = OLD.model_id);
        ELSE
            model_name := (SELECT m.name FROM customer_ai.model m WHERE m.id = NEW.model_id);
        END IF;
        IF model_name IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    was := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - kept END;
    now_is := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - kept END;
    whole := coalesce(now_is, was);
    model_name := coalesce(model_name, whole ->> 'name');
    object := CASE TG_TABLE_NAME
        WHEN 'segment' THEN format('%s.%s', whole ->> 'schema_name', whole ->> 'segment_name')
        WHEN 'version' THEN whole ->> 'number' WHEN 'model' THEN whole ->> 'name' WHEN 'event_definition' THEN whole ->> 'name'
        WHEN 'label' THEN concat_ws(' = ', whole ->> 'column_name', nullif(whole ->> 'value', ''))
        ELSE format('%s.%s', whole ->> 'schema_name', whole ->> 'relation_name') END;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(n.key, was -> n.key), jsonb_object_agg(n.key, n.value) INTO was, now_is
        FROM jsonb_each(now_is) n WHERE n.value IS DISTINCT FROM was -> n.key;
        IF now_is IS NULL THEN
            RETURN NULL;
        END IF;
        IF TG_TABLE_NAME = 'model' AND now_is ? 'active_version' THEN
            verb := 'activate a version of';
        END IF;
    END IF;
    INSERT INTO customer_ai.audit_entry (role, owner, model, action, object, old, new)
    VALUES (customer_ai_internal.actor(), whole ->> 'owner', model_name, concat_ws(' ', verb, replace(TG_TABLE_NAME, '_', ' ')), object, was, now_is);
    RETURN NULL;
END $$;

CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.model
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.event_source
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.event_definition
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.label
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.profile_source
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON customer_ai.segment
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();
CREATE TRIGGER audit_row AFTER UPDATE OR DELETE ON customer_ai.version
    FOR EACH ROW WHEN (customer_ai_internal.is_our_own()) EXECUTE FUNCTION customer_ai_internal.audit_row();

SET LOCAL search_path TO customer_ai, pg_temp;
