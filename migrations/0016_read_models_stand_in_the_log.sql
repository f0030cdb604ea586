-- A read model's position is that of an event of the log, with its place in the chain: whoever writes one
-- that the log does not have is refused. So an event that was lost, or a log that was put back, shows: the
-- place in the chain is missing, or another one.
ALTER TABLE projection ADD COLUMN chain bytea;

UPDATE projection p SET chain = (SELECT e.chain FROM events e WHERE e.position = p.position);

CREATE FUNCTION stands_in_the_log() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    NEW.chain := NULL;
    IF NEW.position > 0 THEN
        SELECT e.chain INTO NEW.chain FROM events e WHERE e.position = NEW.position LIMIT 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the log has no event %: % cannot stand there', NEW.position, NEW.name
                USING ERRCODE = 'PF001';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER projection_stands_in_the_log BEFORE INSERT OR UPDATE OF position ON projection
    FOR EACH ROW EXECUTE FUNCTION stands_in_the_log();

-- Whether the log has an event at a position, at that place in the chain; the beginning is always there.
CREATE FUNCTION log_has(p_position bigint, p_chain bytea) RETURNS boolean
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN p_position = 0
        OR coalesce((SELECT e.chain = p_chain FROM events e WHERE e.position = p_position LIMIT 1), false);
END $$;

-- When a stream was set aside, for who looks after it.
ALTER TABLE projection_quarantine ADD COLUMN since timestamptz NOT NULL DEFAULT now();
