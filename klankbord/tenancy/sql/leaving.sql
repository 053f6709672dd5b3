-- Leaving: what must be known about somebody across organisations, by who may look into one of them only.

-- Whether somebody still works anywhere here.
CREATE FUNCTION has_a_place(who bigint)
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM tenancy_membership WHERE user_id = who AND ended_at IS NULL)
$$;

-- A minute ahead, so that a place that ended just now has ended also when the clocks of two machines differ a little.
-- Conversations that stand in somebody's name and that this person cannot answer any more, by membership or by mandate.
CREATE FUNCTION conversations_out_of_reach(who bigint)
RETURNS TABLE (organisation_id bigint, conversation_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT held.organisation_id, held.id FROM inbox_conversation held
    WHERE held.assignee_id = who AND NOT EXISTS (
        SELECT FROM fence_seats(ARRAY[who], now() + interval '1 minute') seat
        WHERE seat.channel_id = held.channel_id AND seat.roles && '{webcare,coordinator}')
    ORDER BY held.organisation_id, held.id
$$;
