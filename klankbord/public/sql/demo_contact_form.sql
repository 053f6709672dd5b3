-- The contact form of the demo, for who wants to write as a resident. It is made up, so anybody may know that it is there.

CREATE FUNCTION demo_contact_form()
RETURNS TABLE (channel bigint, organisation text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT form.id, house.name
    FROM channels_channel form JOIN tenancy_organisation house ON house.id = form.organisation_id
    WHERE house.is_demo AND form.kind = 'form' AND form.enabled
    ORDER BY form.id LIMIT 1
$$;
