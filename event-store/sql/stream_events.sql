-- The events of streams after their versions, in the log's order. `s_list` numbers the caller each stream is
-- read for, because several callers share one query; `list` returns that number.
--
-- One index look-up per stream, whatever the planner believes of the table: OFFSET keeps it from turning them
-- into a join (decision 19).
CREATE OR REPLACE FUNCTION stream_events(s_type text[], s_id text[], s_version bigint[], s_list int[])
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
    JOIN LATERAL (SELECT * FROM events o WHERE o.aggregate_type = s.type AND o.aggregate_id = s.id
        AND o.sequence > s.version OFFSET 0) e ON true
    ORDER BY e.position;
END $$;
