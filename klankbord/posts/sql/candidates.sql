-- The newest public posts of others that may satisfy a dossier's query, a page at a time; its verifier
-- decides. Like search_posts it applies the sets of the fence itself, looks back stretch by stretch, and plans each
-- stretch for its own words.
--
-- query      what the indexed terms must hold; NULL when no term is certain (only endings of words are asked)
-- patterns   then: LIKE patterns of which some term must satisfy one
-- until, below   only what comes before this moment and id
--
-- Without a query one stretch is read word by word. When older posts are left a last row without id says how far back
-- this looked.
--
-- Only the pace of looking back is the same as in search_posts. Who may see what is not: this one gives no private post
-- and none of our own, by its text, and no parameter can change that. One function for both would need such a switch.

CREATE FUNCTION search_candidates(
    query tsquery, patterns text[], channels bigint[], until timestamptz, below bigint, newest integer)
RETURNS TABLE (id bigint, published_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
DECLARE
    seen bigint[] := ARRAY(
        SELECT wanted FROM unnest(channels) wanted
        WHERE wanted = ANY (current_setting('klankbord.public_channels')::bigint[]));
    latest timestamptz;
    stretch interval;  -- in which the newest 200 were published
    back double precision := CASE WHEN query IS NULL THEN 25 ELSE 4 END;  -- how many stretches to look back
    since timestamptz;
    by_index boolean := false;
    found integer;
    total integer := 0;
BEGIN
    SELECT max(moment), greatest(max(moment) - min(moment), interval '1 minute') INTO latest, stretch FROM (
        SELECT one.moment FROM unnest(seen) AS wanted CROSS JOIN LATERAL (
            SELECT post.published_at AS moment FROM posts_post post
            WHERE post.channel_id = wanted AND post.published_at <= until
            ORDER BY post.published_at DESC LIMIT 200) one
        ORDER BY one.moment DESC LIMIT 200) few;
    LOOP
        since := CASE WHEN back < 5000 THEN latest - back * stretch ELSE '-infinity' END;
        RETURN QUERY EXECUTE
            'SELECT found.id, found.published_at FROM (
                 SELECT post.id, post.published_at, post.tokens FROM posts_post post
                 WHERE post.channel_id = ANY ($3) AND NOT post.private AND post.direction = ''in''
                   AND post.published_at >= $4 AND post.published_at <= $5 AND (post.published_at, post.id) < ($5, $6)' ||
            -- OFFSET keeps the words out of this scan, and with them the index on words
            CASE WHEN by_index THEN '' ELSE ' OFFSET 0' END ||
            ') found WHERE ' ||
            CASE WHEN query IS NULL
                THEN 'EXISTS (SELECT FROM unnest(tsvector_to_array(found.tokens)) term WHERE term LIKE ANY ($7))'
                ELSE 'found.tokens @@ $1' END ||
            ' ORDER BY found.published_at DESC, found.id DESC LIMIT $2'
        USING query, newest - total, seen, since, until, below, patterns;
        GET DIAGNOSTICS found = ROW_COUNT;
        total := total + found;
        EXIT WHEN total >= newest OR since = '-infinity' OR since IS NULL;
        IF query IS NULL THEN
            RETURN QUERY SELECT NULL::bigint, since;
            EXIT;
        END IF;
        until := since;
        below := 0;
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
