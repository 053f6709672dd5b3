-- A privacy officer does not see conversations; this opens one, when the officer is that of its organisation.

CREATE FUNCTION open_with_reason(conversation bigint, why text, closes timestamptz)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    officer bigint := nullif(current_setting('klankbord.user'), '')::bigint;
    found record;
BEGIN
    SELECT thread.organisation_id, thread.root_uri INTO found
    FROM inbox_conversation thread
    JOIN fence_organisations(officer, now()) house ON house.organisation_id = thread.organisation_id
    WHERE thread.id = conversation AND house.roles && '{privacy}';
    IF found.organisation_id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO inbox_opening (organisation_id, user_id, root_uri, reason, until)
    VALUES (found.organisation_id, officer, found.root_uri, why, closes);
    RETURN found.organisation_id;
END
$$;
