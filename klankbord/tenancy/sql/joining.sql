-- Joining: what somebody may know and do who holds the link of an invitation but is not inside yet.

CREATE FUNCTION invitation_find(hash bytea)
RETURNS TABLE (organisation text, email text, roles text[], demo boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT house.name, invitation.email, invitation.roles::text[], house.is_demo
    FROM tenancy_invitation invitation JOIN tenancy_organisation house ON house.id = invitation.organisation_id
    WHERE invitation.token_hash = hash AND invitation.accepted_at IS NULL AND invitation.withdrawn_at IS NULL
      AND now() < invitation.expires_at
$$;

-- Uses the link up and gives its holder a place; NULL when it cannot be used (any more) by this person.
CREATE FUNCTION invitation_accept(hash bytea, who bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE used tenancy_invitation;
BEGIN
    UPDATE tenancy_invitation invitation SET accepted_at = now()
    FROM tenancy_user person, tenancy_organisation house
    WHERE invitation.token_hash = hash AND invitation.accepted_at IS NULL AND invitation.withdrawn_at IS NULL
      AND now() < invitation.expires_at
      AND person.id = who AND person.is_active AND lower(person.email) = lower(invitation.email)
      AND house.id = invitation.organisation_id AND house.is_demo = person.is_demo
    RETURNING invitation.* INTO used;
    IF used.id IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO tenancy_membership (organisation_id, user_id, roles, created_at)
    VALUES (used.organisation_id, who, used.roles, now())
    ON CONFLICT (organisation_id, user_id) DO UPDATE SET roles = excluded.roles, ended_at = NULL;
    RETURN used.organisation_id;
END
$$;

-- The desks that could act for one: teams of other organisations here. Real and made-up organisations never mix.
CREATE FUNCTION mandate_desks(principal bigint)
RETURNS TABLE (team_id bigint, team text, organisation_id bigint, organisation text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT team.id, team.name, desk.id, desk.name
    FROM tenancy_organisation house
    JOIN tenancy_organisation desk ON desk.is_demo = house.is_demo AND desk.id <> house.id
    JOIN tenancy_team team ON team.organisation_id = desk.id
    WHERE house.id = principal AND house.id = ANY (current_setting('klankbord.organisations')::bigint[])
    ORDER BY desk.name, team.name
$$;
