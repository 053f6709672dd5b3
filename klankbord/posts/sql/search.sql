-- The newest posts that hold all words. The sets of the fence are applied here: @@ is not leakproof, so under a policy
-- PostgreSQL may not use the index on words.
--
-- It looks back stretch by stretch until it has enough. A common word is found among the newest posts without the index
-- on words, which would name a large part of the archive; a word that is rare there is looked up by that index, as far
-- back as the share found so far makes likely, and only then in the whole archive. Executed as text so that each query
-- is planned for its own words.

CREATE FUNCTION search_posts(query tsquery, channels bigint[], newest integer)
RETURNS TABLE (id bigint, organisation_id bigint, root_uri varchar, published_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
DECLARE
    private_channels bigint[] := current_setting('klankbord.private_channels')::bigint[];
    seen bigint[] := ARRAY(
        SELECT wanted FROM unnest(channels) wanted
        WHERE wanted = ANY (current_setting('klankbord.public_channels')::bigint[]));
    latest timestamptz;
    stretch interval;  -- in which the newest 200 were published
    back double precision := 4;  -- how many stretches to look back
    since timestamptz;
    until timestamptz := 'infinity';
    by_index boolean := false;
    found integer;
    total integer := 0;
BEGIN
    SELECT max(moment), max(moment) - min(moment) INTO latest, stretch FROM (
        SELECT one.moment FROM unnest(seen) AS wanted CROSS JOIN LATERAL (
            SELECT post.published_at AS moment FROM posts_post post
            WHERE post.channel_id = wanted ORDER BY post.published_at DESC LIMIT 200) one
        ORDER BY one.moment DESC LIMIT 200) few;
    LOOP
        since := CASE WHEN back < 5000 THEN latest - back * stretch ELSE '-infinity' END;
        RETURN QUERY EXECUTE
            'SELECT found.id, found.organisation_id, found.root_uri, found.published_at FROM (
                 SELECT post.id, post.organisation_id, post.root_uri, post.published_at, post.tokens FROM posts_post post
                 WHERE post.channel_id = ANY ($3) AND (NOT post.private OR post.channel_id = ANY ($4))
                   AND post.published_at >= $5 AND post.published_at < $6' ||
            -- OFFSET keeps the words out of this scan, and with them the index on words
            CASE WHEN by_index THEN '' ELSE ' OFFSET 0' END ||
            ') found WHERE found.tokens @@ $1 ORDER BY found.published_at DESC LIMIT $2'
        USING query, newest - total, seen, private_channels, since, until;
        GET DIAGNOSTICS found = ROW_COUNT;
        total := total + found;
        EXIT WHEN total >= newest OR since = '-infinity' OR since IS NULL;
        until := since;
        IF back = 4 AND total >= 5 THEN
            back := 40;
        ELSIF by_index OR total < 5 THEN
            by_index := true;
            back := 'infinity';
        ELSE
            by_index := true;
            back := back * 1.5 * newest / total;
        END IF;
    END LOOP;
END
$$;
