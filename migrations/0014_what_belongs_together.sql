-- What an event's command did, what is correlated with it and what it caused is looked up, not searched for.
-- The events of a command lie together and end where the command log says. Commands that belong to others
-- are few: they are listed here, so that all the other appends do not pay for an index of events. It is a
-- list of what the events themselves say.
CREATE TABLE command_relation (
    command_id     uuid PRIMARY KEY,
    correlation_id uuid NOT NULL,
    causation_id   uuid
);
CREATE INDEX command_relation_correlation ON command_relation (correlation_id);
CREATE INDEX command_relation_causation ON command_relation (causation_id);

INSERT INTO command_relation
SELECT DISTINCT command_id, correlation_id, causation_id FROM events
WHERE correlation_id <> command_id OR causation_id IS NOT NULL;

CREATE TRIGGER command_relation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_relation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT ON command_relation TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
