-- Logging in with an identity provider: what groups there give, before anybody has entered.

-- Per organisation the roles that these groups give this person, and without roles where an earlier group gave a place
-- that must end now. Real and made-up organisations never mix.
CREATE FUNCTION provider_offers(groups text[], who bigint)
RETURNS TABLE (organisation_id bigint, roles text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT house.id, ARRAY(
        SELECT DISTINCT role FROM tenancy_providergroup mapped, unnest(mapped.roles::text[]) AS role
        WHERE mapped.organisation_id = house.id AND mapped."group" = ANY (groups) ORDER BY role)
    FROM tenancy_organisation house JOIN tenancy_user person ON person.is_demo = house.is_demo
    WHERE person.id = who AND (
        EXISTS (SELECT FROM tenancy_providergroup mapped
                WHERE mapped.organisation_id = house.id AND mapped."group" = ANY (groups))
        OR EXISTS (SELECT FROM tenancy_membership member
                   WHERE member.organisation_id = house.id AND member.user_id = who
                     AND member.follows_provider AND member.ended_at IS NULL))
    ORDER BY house.id
$$;
