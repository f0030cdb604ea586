-- Whether the log has an event at a position with this chain hash; position 0 is always there.
CREATE OR REPLACE FUNCTION log_has(p_position bigint, p_chain bytea) RETURNS boolean
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN p_position = 0
        OR coalesce((SELECT e.chain = p_chain FROM events e WHERE e.position = p_position LIMIT 1), false);
END $$;
