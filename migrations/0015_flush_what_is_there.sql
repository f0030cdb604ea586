-- A flush proves what it flushes. A crash of the database takes back what was committed without waiting,
-- and a connection opened after its recovery would flush, in vain and with success, what is no longer
-- there. What is read here and the flush are one transaction: once it has committed, the server has not
-- crashed since it began, and all that was read lies before it in the write-ahead log.
--
-- `places` are the ends (from 1) at whose position the log has that place in the chain; `commands` are the
-- commands (from 1) that were decided then, for batches without an event. Other processes are told of the
-- end `p_tell` only if everything was found.
CREATE FUNCTION flush_log(
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

-- The append as before. `continues` says of a head that moved whether the log goes on from the one the
-- appender named: others have appended. If not, a crash or a restore took events back.
DROP FUNCTION append_events;

CREATE FUNCTION append_events(
    p_head bigint, p_tip bytea, p_waits boolean,
    c_id uuid[], c_hash bytea[], c_outcome json[], c_position bigint[], c_at timestamptz[],
    s_type text[], s_id text[], s_version bigint[], s_command int[],
    e_position bigint[], e_type text[], e_id text[], e_sequence bigint[],
    e_event_type text[], e_event_version text[], e_payload json[], e_metadata json[],
    e_event_id uuid[], e_at timestamptz[], e_actor text[], e_command uuid[],
    e_correlation uuid[], e_causation uuid[], e_leaf bytea[], e_chain bytea[]
) RETURNS TABLE (verdict text, head bigint, tip bytea, conflicts int[], continues boolean)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(5843923847261);

    SELECT e.position, e.chain INTO head, tip FROM events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    IF head <> p_head OR tip <> p_tip THEN
        continues := p_head = 0
            OR coalesce((SELECT e.chain = p_tip FROM events e WHERE e.position = p_head LIMIT 1), false);
        verdict := 'moved';
        RETURN NEXT;
        RETURN;
    END IF;

    IF cardinality(s_id) > 0 THEN
        -- Look-ups by index, one per row, whatever the planner believes of tables that grew since it
        -- planned: LIMIT keeps it from turning them into a join.
        SELECT array_agg(DISTINCT s.command) INTO conflicts
        FROM (SELECT unnest(s_type) AS type, unnest(s_id) AS id, unnest(s_version) AS version,
            unnest(s_command) AS command) AS s
        WHERE s.version <> coalesce((
            SELECT e.sequence FROM events e
            WHERE e.aggregate_type = s.type AND e.aggregate_id = s.id
            ORDER BY e.sequence DESC LIMIT 1), 0);
        IF conflicts IS NOT NULL THEN
            verdict := 'conflict';
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;

    INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type,
        event_version, payload, metadata, event_id, recorded_at, actor, command_id,
        correlation_id, causation_id, leaf, chain)
    SELECT unnest(e_position), unnest(e_type), unnest(e_id), unnest(e_sequence), unnest(e_event_type),
        unnest(e_event_version), unnest(e_payload), unnest(e_metadata),
        unnest(e_event_id), unnest(e_at), unnest(e_actor), unnest(e_command),
        unnest(e_correlation), unnest(e_causation), unnest(e_leaf), unnest(e_chain);

    INSERT INTO command_log (command_id, request_hash, outcome, position, recorded_at)
    SELECT unnest(c_id), unnest(c_hash), unnest(c_outcome), unnest(c_position), unnest(c_at);

    IF cardinality(e_position) > 0 THEN
        head := e_position[cardinality(e_position)];
        tip := e_chain[cardinality(e_chain)];
    END IF;
    IF NOT p_waits THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    verdict := 'ok';
    RETURN NEXT;
END $$;
