-- What was sent of the outbox, and what could not be. The outbox itself is a read model that can be
-- rebuilt; this is not: a message's id is made from its event, so nothing is sent twice over a rebuild.
CREATE TABLE delivery (
    notification uuid        NOT NULL,
    channel      text        NOT NULL CHECK (channel IN ('EMAIL', 'SMS')),
    status       text        NOT NULL CHECK (status IN ('PENDING', 'SENT', 'SKIPPED', 'DEAD')),
    attempts     int         NOT NULL,
    next_at      timestamptz NOT NULL,
    error        text,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notification, channel)
);
CREATE INDEX delivery_dead ON delivery (updated_at) WHERE status = 'DEAD';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, UPDATE ON delivery TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
