-- Takes away every made-up organisation and person with all that is theirs, and nothing else: a row of a real
-- organisation that leans on something made up makes the whole fail, and then nothing is gone.
-- Constraints are checked at the end, so the tables may come in any order.

CREATE FUNCTION demo_remove(OUT removed_organisations bigint[], OUT people bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sources bigint[];
    persons bigint[];
    spot record;
BEGIN
    SELECT coalesce(array_agg(id), '{}') INTO removed_organisations FROM tenancy_organisation WHERE is_demo;
    SELECT coalesce(array_agg(id), '{}') INTO persons FROM tenancy_user WHERE is_demo;
    people := cardinality(persons);
    IF EXISTS (SELECT FROM tenancy_membership WHERE user_id = ANY (persons) AND NOT organisation_id = ANY (removed_organisations))
       OR EXISTS (SELECT FROM tenancy_mandate WHERE (organisation_id = ANY (removed_organisations)) <> (desk_organisation_id = ANY (removed_organisations)))
    THEN
        RAISE EXCEPTION 'a real organisation leans on the demo' USING ERRCODE = 'foreign_key_violation';
    END IF;
    -- an address that a real organisation listens to as well stays
    SELECT coalesce(array_agg(DISTINCT source_id), '{}') INTO sources FROM channels_channel channel
    WHERE organisation_id = ANY (removed_organisations) AND NOT EXISTS (
        SELECT FROM channels_channel other
        WHERE other.source_id = channel.source_id AND NOT other.organisation_id = ANY (removed_organisations));
    FOR spot IN
        SELECT c.oid::regclass AS place FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'organisation_id'
    LOOP
        EXECUTE format('DELETE FROM %s WHERE organisation_id = ANY ($1)', spot.place) USING removed_organisations;
    END LOOP;
    FOR spot IN
        SELECT conrelid::regclass AS place, a.attname AS field FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.confrelid = 'channels_source'::regclass
          AND k.conrelid <> 'channels_channel'::regclass
    LOOP
        EXECUTE format('DELETE FROM %s WHERE %I = ANY ($1)', spot.place, spot.field) USING sources;
    END LOOP;
    DELETE FROM channels_source WHERE id = ANY (sources);
    -- what belongs to a person and to no organisation: log-in, second step, own settings
    DELETE FROM account_emailconfirmation WHERE email_address_id IN (SELECT id FROM account_emailaddress WHERE user_id = ANY (persons));
    FOR spot IN
        SELECT conrelid::regclass AS place, a.attname AS field FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'f' AND cardinality(k.conkey) = 1 AND k.confrelid = 'tenancy_user'::regclass
          AND NOT EXISTS (SELECT FROM pg_attribute o WHERE o.attrelid = k.conrelid AND o.attname = 'organisation_id')
    LOOP
        EXECUTE format('DELETE FROM %s WHERE %I = ANY ($1)', spot.place, spot.field) USING persons;
    END LOOP;
    DELETE FROM tenancy_user WHERE id = ANY (persons);
    DELETE FROM tenancy_organisation WHERE id = ANY (removed_organisations);
    SET CONSTRAINTS ALL IMMEDIATE;
    SET CONSTRAINTS ALL DEFERRED;
END
$$;
