-- The readable part of audit entries can be erased: of these, and not of what else was done with the same thing.
-- Nobody but the owner can change anything else in them.

DROP FUNCTION audit_erase(bigint, text);

CREATE FUNCTION audit_erase(organisation bigint, entries bigint[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE erased bigint;
BEGIN
    IF NOT organisation = ANY (current_setting('klankbord.organisations')::bigint[]) THEN
        RAISE EXCEPTION 'not inside this organisation';
    END IF;
    UPDATE tenancy_auditentry SET details = '{}', actor = '', salt = '', erased_at = now()
    WHERE organisation_id = organisation AND id = ANY (entries) AND erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
