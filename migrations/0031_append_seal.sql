-- What proves that a server, and not somebody else with the application's role, appended a batch (decision 53): a
-- keyed hash of where the log ended before it and after it. The key is sealed with the master key.
CREATE TABLE append_seal (
    -- The last position of the batch.
    position bigint PRIMARY KEY CHECK (position > 0),
    -- The last position before it.
    before   bigint NOT NULL CHECK (before >= 0 AND before < position),
    seal     bytea  NOT NULL CHECK (length(seal) = 32)
);

-- Servers from before it append without a seal, which no later one would sign: they are to be stopped first.
DROP FUNCTION append_events;
