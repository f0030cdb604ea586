-- Files sent by families and staff, sealed piece by piece with their subject's key. The log holds
-- what they are and their hash; destroying the key makes the pieces unreadable.
CREATE TABLE attachment (
    id          uuid        PRIMARY KEY,
    -- Whose it is: a family's number, or 'town' for what the town offers everybody.
    subject     text        NOT NULL,
    name        bytea       NOT NULL,
    size        bigint      NOT NULL CHECK (size > 0),
    received    bigint      NOT NULL DEFAULT 0,
    media_type  text,
    sha256      text,
    uploaded_by text        NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX attachment_unfinished ON attachment (subject, started_at) WHERE sha256 IS NULL;

CREATE TABLE attachment_piece (
    attachment uuid   NOT NULL REFERENCES attachment ON DELETE CASCADE,
    at         bigint NOT NULL,
    sealed     bytea  NOT NULL,
    PRIMARY KEY (attachment, at)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON attachment, attachment_piece TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
