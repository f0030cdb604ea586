-- Appends one batch in the caller's transaction, or says why not and writes nothing.
--
-- Parameters: `p_head` and `p_tip` are the head the appender laid the batch out on; `p_seal` proves that a server
-- appended it (decision 53), NULL without events; `c_*` are its commands,
-- `s_*` the stream versions to check (`s_command`: whose, from 1), `e_*` its events.
--
-- verdict 'ok': appended.
-- verdict 'moved': the log does not end at `p_head` with `p_tip`. `head` and `tip` say where it ends;
--     `continues`, whether it continues `p_head`: others have appended. If not, a crash or a restore took
--     events back.
-- verdict 'conflict': `conflicts` are commands (from 1) that expected another stream version.
-- A unique violation: a command was decided before, or a stream is not new (decision 15).
--
-- The advisory lock is held to the end of the transaction: commit order is position order. Without `p_waits`
-- the transaction commits without waiting for the disk, and the appender flushes later (decision 16).
--
-- Speed (decisions 15 and 19): the plans are kept, because planning two insertions of sixteen arrays costs
-- more than running them. `unnest` in the select list hands values on one by one; in FROM, each array would
-- be written to a store of its own first. Look-ups go by index whatever the planner believes of a table that
-- grew since it planned; LIMIT keeps it from turning them into a join.
CREATE OR REPLACE FUNCTION append_batch(
    p_head bigint, p_tip bytea, p_waits boolean, p_seal bytea,
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

    IF p_seal IS NOT NULL THEN
        INSERT INTO append_seal (position, before, seal)
        VALUES (e_position[cardinality(e_position)], p_head, p_seal)
        -- One may stand there of events that were taken away.
        ON CONFLICT (position) DO UPDATE SET before = EXCLUDED.before, seal = EXCLUDED.seal;
    END IF;

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
