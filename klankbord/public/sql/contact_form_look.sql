-- As contact_form.sql, and whose looks the page wears.

DROP FUNCTION contact_form(bigint);
CREATE FUNCTION contact_form(channel bigint)
RETURNS TABLE (source bigint, organisation text, demo boolean, page jsonb, enabled boolean, house bigint, style text, logo text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT form.source_id, house.name, house.is_demo, form.settings -> 'page', form.enabled,
           house.id, house.style_version, house.logo_version
    FROM channels_channel form JOIN tenancy_organisation house ON house.id = form.organisation_id
    WHERE form.id = channel AND form.kind = 'form'
$$;
