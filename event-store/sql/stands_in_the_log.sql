-- Keeps the chain hash beside the position of a read model, and refuses a position that the log does not have
-- (decision 23).
CREATE OR REPLACE FUNCTION stands_in_the_log() RETURNS trigger
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

CREATE OR REPLACE TRIGGER projection_stands_in_the_log BEFORE INSERT OR UPDATE OF position ON projection
    FOR EACH ROW EXECUTE FUNCTION stands_in_the_log();
