-- What anybody may know of a contact form: what stands on its page, and nothing of how its answers go out.

CREATE FUNCTION contact_form(channel bigint)
RETURNS TABLE (source bigint, organisation text, demo boolean, page jsonb, enabled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT form.source_id, house.name, house.is_demo, form.settings -> 'page', form.enabled
    FROM channels_channel form JOIN tenancy_organisation house ON house.id = form.organisation_id
    WHERE form.id = channel AND form.kind = 'form'
$$;
