-- Plans are kept per connection. One that was made while the log was small, and known to be, reads the
-- whole log for every stream until the planner hears of the growth: a town that imports its families
-- grows a thousandfold before that. What looks streams up by key does so whatever the planner believes.
ALTER FUNCTION append_events SET enable_seqscan = off;

-- The events of streams after their versions, with the number of the list that asks for each stream.
CREATE FUNCTION stream_events(s_type text[], s_id text[], s_version bigint[], s_list int[])
RETURNS TABLE (
    "position" bigint, aggregate_type text, aggregate_id text, sequence bigint, event_type text,
    event_version text, payload json, metadata json, event_id uuid, recorded_at timestamptz, actor text,
    command_id uuid, correlation_id uuid, causation_id uuid, leaf bytea, chain bytea, list int
)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version,
        e.payload, e.metadata, e.event_id, e.recorded_at, e.actor, e.command_id, e.correlation_id,
        e.causation_id, e.leaf, e.chain, s.list
    FROM unnest(s_type, s_id, s_version, s_list) AS s (type, id, version, list)
    -- OFFSET keeps the look-ups from being turned into a join.
    JOIN LATERAL (SELECT * FROM events o WHERE o.aggregate_type = s.type AND o.aggregate_id = s.id
        AND o.sequence > s.version OFFSET 0) e ON true
    ORDER BY e.position;
END $$;
