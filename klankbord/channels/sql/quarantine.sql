-- The administrator mends channels but sees no content: these show and replay the quarantine without its bodies.

CREATE FUNCTION quarantine_list(channel bigint)
RETURNS TABLE (id bigint, received_at timestamptz, size integer, outcome text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT arrival.id, arrival.received_at, length(arrival.body), arrival.outcome
    FROM channels_arrival arrival
    WHERE arrival.channel_id = channel AND arrival.state = 'quarantined'
      AND arrival.organisation_id = ANY (current_setting('klankbord.organisations')::bigint[])
    ORDER BY arrival.id DESC LIMIT 200
$$;

CREATE FUNCTION quarantine_counts()
RETURNS TABLE (channel_id bigint, quarantined bigint, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT arrival.channel_id, count(*) FILTER (WHERE arrival.state = 'quarantined'),
           count(*) FILTER (WHERE arrival.state = 'new')
    FROM channels_arrival arrival
    WHERE arrival.state IN ('new', 'quarantined')
      AND arrival.organisation_id = ANY (current_setting('klankbord.organisations')::bigint[])
    GROUP BY arrival.channel_id
$$;

CREATE FUNCTION quarantine_replay(channel bigint)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE replayed bigint;
BEGIN
    UPDATE channels_arrival SET state = 'new', outcome = '', parsed_at = NULL
    WHERE channel_id = channel AND state = 'quarantined'
      AND organisation_id = ANY (current_setting('klankbord.organisations')::bigint[]);
    GET DIAGNOSTICS replayed = ROW_COUNT;
    RETURN replayed;
END
$$;
