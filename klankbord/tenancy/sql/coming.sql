-- Whether somebody has a place that a group of the provider gave: then the provider must be asked each time, so that
-- whoever is put out there is out here too.
CREATE FUNCTION comes_by_provider(who bigint)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tenancy_membership WHERE user_id = who AND follows_provider AND ended_at IS NULL)
$$;
