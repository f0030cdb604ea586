-- The master key is not in the database; the hash of it is, so that a wrong one is known at once.
CREATE TABLE master_key_check (
    check_value bytea       PRIMARY KEY CHECK (length(check_value) = 32),
    since       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX master_key_check_only ON master_key_check ((true));

-- The public key the log's checkpoints were signed with when the database was bound to it. Later keys are
-- in the log (SigningKeyChanged).
CREATE TABLE first_signing_key (
    public_key text        PRIMARY KEY,
    since      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX first_signing_key_only ON first_signing_key ((true));
CREATE TRIGGER first_signing_key_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON first_signing_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, UPDATE ON master_key_check TO portail_app;
        GRANT SELECT, INSERT ON first_signing_key TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
