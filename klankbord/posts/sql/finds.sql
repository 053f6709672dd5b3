-- A privacy officer reads what was overheard (pseudonyms and masked texts), never the conversations, without opening
-- each one: the pages about dossiers call this after entering, nobody else does.
CREATE FUNCTION fence_open_finds()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    reader bigint := nullif(current_setting('klankbord.user'), '')::bigint;
    houses bigint[];
BEGIN
    SELECT coalesce(array_agg(house.organisation_id), '{}') INTO houses
    FROM fence_organisations(reader, now()) house WHERE house.roles && '{privacy}';
    PERFORM set_config('klankbord.finds', houses::text, true);
END
$$;

-- unset or emptied (what SET LOCAL leaves behind) opens nothing here: the ordinary policy stands beside it
CREATE POLICY fence_finds ON posts_post FOR SELECT USING (
    overheard AND organisation_id = ANY (nullif(current_setting('klankbord.finds', true), '')::bigint[])
);
