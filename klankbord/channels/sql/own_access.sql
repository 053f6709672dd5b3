-- Mailboxes and accounts that several organisations connected: from now on each fetches with its own access. Who was
-- first keeps the source; the others go on from the same place in one of their own, with what lies on the doormat.
DO $$
DECLARE
    one record;
    own bigint;
BEGIN
    FOR one IN
        SELECT channel.id, channel.organisation_id, channel.source_id,
               row_number() OVER (PARTITION BY channel.source_id ORDER BY channel.id DESC) AS number,
               count(*) OVER (PARTITION BY channel.source_id) AS shared_by
        FROM channels_channel channel
        WHERE channel.kind IN ('mail', 'mastodon')
        ORDER BY channel.source_id, number
    LOOP
        IF one.number = one.shared_by THEN
            UPDATE channels_source SET address = address || ' #' || one.organisation_id WHERE id = one.source_id;
            CONTINUE;
        END IF;
        INSERT INTO channels_source (kind, address, cursor, last_ok_at, failing_since, failure, next_fetch_at)
        SELECT kind, address || ' #' || one.organisation_id, cursor, last_ok_at, failing_since, failure, next_fetch_at
        FROM channels_source WHERE id = one.source_id RETURNING id INTO own;
        INSERT INTO channels_landing (source_id, key, body, received_at)
        SELECT own, key, body, received_at FROM channels_landing WHERE source_id = one.source_id ORDER BY id;
        INSERT INTO channels_gap (source_id, since, until, reason)
        SELECT own, since, until, reason FROM channels_gap WHERE source_id = one.source_id ORDER BY id;
        UPDATE channels_channel SET source_id = own WHERE id = one.id;
    END LOOP;
END
$$;
