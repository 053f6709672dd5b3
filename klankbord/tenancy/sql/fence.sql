-- Who sees what. The bodies name tables of the room above (channels): the one place where the fence looks up.
-- Role names stand here literally; a test compares them with the role table in roles.py.

-- The seats that these people have at channels, by membership and by mandate, with their roles. It has no rights of its
-- own, so that PostgreSQL opens it up inside the functions below and plans for one person or for hundreds.
CREATE FUNCTION fence_seats(who bigint[], at timestamptz)
RETURNS TABLE (user_id bigint, channel_id bigint, organisation_id bigint, roles text[])
LANGUAGE sql STABLE AS $$
    SELECT person.id, channel.id, channel.organisation_id, member.roles::text[]
    FROM tenancy_user person
    JOIN tenancy_membership member ON member.user_id = person.id
    JOIN channels_channel channel ON channel.organisation_id = member.organisation_id
    WHERE person.id = ANY (who) AND person.is_active AND (member.ended_at IS NULL OR member.ended_at > at)
    UNION ALL
    SELECT person.id, channel.id, channel.organisation_id, member.roles::text[]
    FROM tenancy_user person
    JOIN tenancy_membership member ON member.user_id = person.id
    JOIN tenancy_teammember place ON place.membership_id = member.id
    JOIN tenancy_mandate mandate ON mandate.desk_team_id = place.team_id
    JOIN channels_channel channel ON channel.organisation_id = mandate.organisation_id
    WHERE person.id = ANY (who) AND person.is_active AND (member.ended_at IS NULL OR member.ended_at > at)
      AND mandate.valid_from <= at AND at < mandate.valid_until
      AND (mandate.all_channels OR EXISTS (
          SELECT FROM channels_mandatedchannel opened
          WHERE opened.mandate_id = mandate.id AND opened.channel_id = channel.id))
$$;

CREATE FUNCTION fence_channels(who bigint, at timestamptz)
RETURNS TABLE (channel_id bigint, organisation_id bigint, private boolean, write boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT seat.channel_id, seat.organisation_id,
           bool_or(seat.roles && '{webcare,coordinator}'), bool_or(seat.roles && '{webcare,coordinator}')
    FROM fence_seats(ARRAY[who], at) seat
    WHERE seat.roles && '{webcare,editor,analyst,coordinator}'
    GROUP BY seat.channel_id, seat.organisation_id
$$;

CREATE FUNCTION fence_organisations(who bigint, at timestamptz)
RETURNS TABLE (organisation_id bigint, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT seen.organisation_id, array_agg(DISTINCT role) FROM (
        SELECT member.organisation_id, member.roles::text[] AS roles
        FROM tenancy_user person JOIN tenancy_membership member ON member.user_id = person.id
        WHERE person.id = who AND person.is_active AND (member.ended_at IS NULL OR member.ended_at > at)
        UNION ALL
        -- roles that the principal cannot fill itself and has granted, as far as one has the same role at the desk
        SELECT mandate.organisation_id,
               ARRAY(SELECT unnest(mandate.roles::text[]) INTERSECT SELECT unnest(member.roles::text[]))
        FROM tenancy_user person
        JOIN tenancy_membership member ON member.user_id = person.id
        JOIN tenancy_teammember place ON place.membership_id = member.id
        JOIN tenancy_mandate mandate ON mandate.desk_team_id = place.team_id
        WHERE person.id = who AND person.is_active AND (member.ended_at IS NULL OR member.ended_at > at)
          AND mandate.valid_from <= at AND at < mandate.valid_until
          AND mandate.roles && member.roles
    ) seen CROSS JOIN LATERAL unnest(seen.roles) AS role
    GROUP BY seen.organisation_id
$$;

CREATE FUNCTION fence_enter(who bigint)
RETURNS TABLE (organisations bigint[], mandated bigint[], public_channels bigint[], private_channels bigint[], desk_channels bigint[], roles jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    readers bigint[];
    opened text[];
BEGIN
    SELECT coalesce(array_agg(house.organisation_id), '{}'),
           coalesce(jsonb_object_agg(house.organisation_id, to_jsonb(house.roles)), '{}')
    INTO organisations, roles FROM fence_organisations(who, now()) house;
    SELECT coalesce(array_agg(DISTINCT desk.organisation_id) FILTER (WHERE desk.write), '{}'),
           coalesce(array_agg(DISTINCT desk.organisation_id), '{}'),
           coalesce(array_agg(desk.channel_id), '{}'),
           coalesce(array_agg(desk.channel_id) FILTER (WHERE desk.private), '{}'),
           coalesce(array_agg(desk.channel_id) FILTER (WHERE desk.write), '{}')
    INTO mandated, readers, public_channels, private_channels, desk_channels
    FROM fence_channels(who, now()) desk;
    -- with the organisation in front: two organisations can hold the same public thread, and one reason opens one of them
    SELECT coalesce(array_agg(opening.organisation_id || ' ' || opening.root_uri), '{}'),
           readers || coalesce(array_agg(DISTINCT opening.organisation_id), '{}')
    INTO opened, readers
    FROM inbox_opening opening
    WHERE opening.user_id = who AND now() < opening.until
      AND EXISTS (SELECT FROM fence_organisations(who, now()) house
                  WHERE house.organisation_id = opening.organisation_id AND house.roles && '{privacy}');
    PERFORM set_config('klankbord.user', who::text, true),
            set_config('klankbord.organisations', organisations::text, true),
            set_config('klankbord.mandated', mandated::text, true),
            set_config('klankbord.readers', readers::text, true),
            set_config('klankbord.public_channels', public_channels::text, true),
            set_config('klankbord.private_channels', private_channels::text, true),
            set_config('klankbord.desk_channels', desk_channels::text, true),
            set_config('klankbord.opened', opened::text, true);
    RETURN NEXT;
END
$$;

-- For jobs: one organisation, or (NULL, only for collecting) all of them.
CREATE FUNCTION fence_act_for(who bigint[])
RETURNS TABLE (organisations bigint[], mandated bigint[], public_channels bigint[], private_channels bigint[], desk_channels bigint[], roles jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT coalesce(array_agg(organisation.id), '{}') INTO organisations
    FROM tenancy_organisation organisation WHERE who IS NULL OR organisation.id = ANY (who);
    SELECT coalesce(array_agg(channel.id), '{}') INTO public_channels
    FROM channels_channel channel WHERE channel.organisation_id = ANY (organisations);
    mandated := '{}';
    roles := '{}';
    private_channels := public_channels;
    desk_channels := public_channels;
    PERFORM set_config('klankbord.user', '', true),
            set_config('klankbord.organisations', organisations::text, true),
            set_config('klankbord.mandated', '{}', true),
            set_config('klankbord.readers', organisations::text, true),
            set_config('klankbord.public_channels', public_channels::text, true),
            set_config('klankbord.private_channels', private_channels::text, true),
            set_config('klankbord.desk_channels', desk_channels::text, true),
            set_config('klankbord.opened', '{}', true);
    RETURN NEXT;
END
$$;

-- Live events: which of these people may see something in this channel, at this minute. One question for all streams.
CREATE FUNCTION fence_may_see(who bigint[], channel bigint, is_private boolean)
RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT DISTINCT seat.user_id FROM fence_seats(who, now()) seat
    WHERE seat.channel_id = channel AND seat.roles && '{webcare,editor,analyst,coordinator}'
      AND (NOT is_private OR seat.roles && '{webcare,coordinator}')
$$;

-- The readable part of an audit entry can be erased; nobody but the owner can change anything else in it.
CREATE FUNCTION audit_erase(organisation bigint, subject text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE erased bigint;
BEGIN
    IF NOT organisation = ANY (current_setting('klankbord.organisations')::bigint[]) THEN
        RAISE EXCEPTION 'not inside this organisation';
    END IF;
    UPDATE tenancy_auditentry SET details = '{}', actor = '', salt = '', erased_at = now()
    WHERE organisation_id = organisation AND object = subject AND erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;

-- A new organisation with its first administrator. Whoever calls this has shown the set-up code.
CREATE FUNCTION fence_found(title text, municipality bigint, who bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE founded bigint;
BEGIN
    INSERT INTO tenancy_organisation (name, municipality_id, is_demo, created_at)
    VALUES (title, municipality, false, now()) RETURNING id INTO founded;
    INSERT INTO tenancy_membership (organisation_id, user_id, roles, created_at)
    VALUES (founded, who, '{admin}', now());
    RETURN founded;
END
$$;
