-- Figures about the whole house for whoever watches over it: how much waits, never of whom.

CREATE FUNCTION metrics_of_the_house()
RETURNS TABLE (name text, label text, number double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'deliveries', state, count(*)::float FROM channels_delivery
    WHERE state IN ('pending', 'sending', 'uncertain') GROUP BY state
    UNION ALL
    SELECT 'arrivals', 'new', count(*)::float FROM channels_arrival WHERE state = 'new'
    UNION ALL
    SELECT 'arrivals', 'quarantined', count(*)::float FROM channels_arrival WHERE state = 'quarantined'
$$;
