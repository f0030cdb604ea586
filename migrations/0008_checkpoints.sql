-- Signed heads of the log (C2SP tlog-checkpoint), made as it grows; a copy goes out of the database.
CREATE TABLE log_checkpoint (
    size      bigint      PRIMARY KEY CHECK (size > 0),
    note      text        NOT NULL,
    -- The roots of the complete subtrees: from here the next checkpoint is made.
    subtrees  bytea       NOT NULL,
    made_at   timestamptz NOT NULL
);

-- The roots of the tree's complete blocks of 1024 leaves: a proof reads two blocks, not the log.
CREATE TABLE log_block (
    number bigint PRIMARY KEY CHECK (number >= 0),
    root   bytea  NOT NULL
);

CREATE TRIGGER log_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_block_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT ON log_checkpoint, log_block TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
