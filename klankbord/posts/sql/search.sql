-- Full-text candidates with the sets of the fence applied here: @@ is not leakproof, so under a policy PostgreSQL may
-- not use the index for it. Executed as text so that each query is planned for its own words.

CREATE FUNCTION search_posts(query tsquery, channels bigint[], newest integer)
RETURNS TABLE (id bigint, organisation_id bigint, root_uri varchar, published_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    public_channels bigint[] := current_setting('klankbord.public_channels')::bigint[];
    private_channels bigint[] := current_setting('klankbord.private_channels')::bigint[];
BEGIN
    RETURN QUERY EXECUTE
        'SELECT found.* FROM unnest($2) AS wanted CROSS JOIN LATERAL (
             SELECT post.id, post.organisation_id, post.root_uri, post.published_at FROM posts_post post
             WHERE post.channel_id = wanted AND post.tokens @@ $1 AND (NOT post.private OR wanted = ANY ($4))
             ORDER BY post.published_at DESC LIMIT $3) found
         WHERE wanted = ANY ($5)
         ORDER BY found.published_at DESC LIMIT $3'
    USING query, channels, newest, private_channels, public_channels;
END
$$;
