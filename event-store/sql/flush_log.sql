-- Makes durable what was committed without waiting for the disk, and says what of it is in the log: what is
-- read here and the flush are one transaction. Once it has committed, the server has not crashed since it
-- began, and all that was read lies before it in the write-ahead log (decision 22).
--
-- `places` are the numbers (from 1) of the positions that have their chain hash; `commands` those of the
-- commands that were recorded at their time, for batches without an event. Other processes are notified of
-- the head `p_tell` only if everything was found.
CREATE OR REPLACE FUNCTION flush_log(
    p_position bigint[], p_chain bytea[], p_command uuid[], p_at timestamptz[], p_tell text
) RETURNS TABLE (places int[], commands int[])
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM pg_logical_emit_message(true, 'portail', '');
    SELECT coalesce(array_agg(p.number::int), '{}') INTO places
    FROM unnest(p_position, p_chain) WITH ORDINALITY AS p (position, chain, number)
    WHERE p.chain = (SELECT e.chain FROM events e WHERE e.position = p.position LIMIT 1);
    commands := '{}';
    IF cardinality(p_command) > 0 THEN
        SELECT coalesce(array_agg(c.number::int), '{}') INTO commands
        FROM unnest(p_command, p_at) WITH ORDINALITY AS c (id, at, number)
        WHERE c.at = (SELECT l.recorded_at FROM command_log l WHERE l.command_id = c.id LIMIT 1);
    END IF;
    IF p_tell IS NOT NULL AND cardinality(places) = cardinality(p_position)
        AND cardinality(commands) = cardinality(p_command) THEN
        PERFORM pg_notify('portail_log', p_tell);
    END IF;
    RETURN NEXT;
END $$;
