-- The event log: the only truth. The first seven columns of meaning carry postgres-es's names and
-- types, so that its stock repository reads every stream.
CREATE TABLE events (
    position       bigint      PRIMARY KEY,
    aggregate_type text        NOT NULL,
    aggregate_id   text        NOT NULL,
    sequence       bigint      NOT NULL CHECK (sequence > 0),
    event_type     text        NOT NULL,
    event_version  text        NOT NULL,
    payload        json        NOT NULL,
    metadata       json        NOT NULL,
    event_id       uuid        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    command_id     uuid        NOT NULL,
    correlation_id uuid        NOT NULL,
    causation_id   uuid,
    leaf           bytea       NOT NULL,
    chain          bytea       NOT NULL,
    UNIQUE (aggregate_type, aggregate_id, sequence)
);

-- Every command ever decided, with its first outcome: the same id again returns it.
CREATE TABLE command_log (
    command_id   uuid        PRIMARY KEY,
    request_hash bytea       NOT NULL,
    outcome      json        NOT NULL,
    position     bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER command_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Appends one batch in the caller's transaction, or says why not and writes nothing.
--
-- verdict 'ok': appended.
-- verdict 'moved': the head is not `p_head`; `head` and `tip` say where it is.
-- verdict 'rejected': `conflicts` are commands (from 1) that expected another stream version,
--                     `duplicates` are commands whose id is in the command log already.
--
-- The advisory lock is held to the end of the transaction: commit order is position order.
CREATE FUNCTION append_events(
    p_head bigint, p_notify boolean,
    c_id uuid[], c_hash bytea[], c_outcome text[], c_position bigint[], c_at timestamptz[],
    s_type text[], s_id text[], s_version bigint[], s_command int[],
    e_position bigint[], e_type text[], e_id text[], e_sequence bigint[],
    e_event_type text[], e_event_version text[], e_payload text[], e_metadata text[],
    e_event_id uuid[], e_at timestamptz[], e_actor text[], e_command uuid[],
    e_correlation uuid[], e_causation uuid[], e_leaf bytea[], e_chain bytea[]
) RETURNS TABLE (verdict text, head bigint, tip bytea, conflicts int[], duplicates int[])
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(5843923847261);

    SELECT e.position, e.chain INTO head, tip FROM events e ORDER BY e.position DESC LIMIT 1;
    head := coalesce(head, 0);
    IF head <> p_head THEN
        verdict := 'moved';
        RETURN NEXT;
        RETURN;
    END IF;

    -- Look-ups by index, one per row, whatever the planner believes of tables that grew since it
    -- planned: LIMIT keeps it from turning them into a join.
    SELECT array_agg(DISTINCT s.command) INTO conflicts
    FROM unnest(s_type, s_id, s_version, s_command) AS s (type, id, version, command)
    WHERE s.version <> coalesce((
        SELECT e.sequence FROM events e
        WHERE e.aggregate_type = s.type AND e.aggregate_id = s.id
        ORDER BY e.sequence DESC LIMIT 1), 0);

    SELECT array_agg(c.number::int) INTO duplicates
    FROM unnest(c_id) WITH ORDINALITY AS c (id, number)
    WHERE (SELECT true FROM command_log l WHERE l.command_id = c.id LIMIT 1);

    IF conflicts IS NOT NULL OR duplicates IS NOT NULL THEN
        verdict := 'rejected';
        RETURN NEXT;
        RETURN;
    END IF;

    INSERT INTO events (position, aggregate_type, aggregate_id, sequence, event_type,
        event_version, payload, metadata, event_id, recorded_at, actor, command_id,
        correlation_id, causation_id, leaf, chain)
    SELECT e.position, e.type, e.id, e.sequence, e.event_type,
        e.event_version, e.payload::json, e.metadata::json, e.event_id, e.at, e.actor, e.command,
        e.correlation, e.causation, e.leaf, e.chain
    FROM unnest(e_position, e_type, e_id, e_sequence, e_event_type, e_event_version, e_payload,
        e_metadata, e_event_id, e_at, e_actor, e_command, e_correlation, e_causation, e_leaf,
        e_chain) AS e (position, type, id, sequence, event_type, event_version, payload, metadata,
        event_id, at, actor, command, correlation, causation, leaf, chain);

    INSERT INTO command_log (command_id, request_hash, outcome, position, recorded_at)
    SELECT c.id, c.hash, c.outcome::json, c.position, c.at
    FROM unnest(c_id, c_hash, c_outcome, c_position, c_at) AS c (id, hash, outcome, position, at);

    IF cardinality(e_position) > 0 THEN
        head := e_position[cardinality(e_position)];
        tip := e_chain[cardinality(e_chain)];
        IF p_notify THEN
            PERFORM pg_notify('portail_log', head::text);
        END IF;
    END IF;
    verdict := 'ok';
    RETURN NEXT;
END $$;
