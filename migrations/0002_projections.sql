-- Where each projection stands. Its row is the fence: whoever holds it may advance it.
CREATE TABLE projection (
    name       text        NOT NULL,
    version    int         NOT NULL,
    position   bigint      NOT NULL DEFAULT 0,
    status     text        NOT NULL CHECK (status IN ('building', 'live', 'retired', 'failed')),
    code_hash  text        NOT NULL,
    error      text,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, version)
);

-- Streams a projection has set aside because of an event it cannot fold, when its policy says so.
CREATE TABLE projection_quarantine (
    name           text   NOT NULL,
    version        int    NOT NULL,
    aggregate_type text   NOT NULL,
    aggregate_id   text   NOT NULL,
    position       bigint NOT NULL,
    error          text   NOT NULL,
    PRIMARY KEY (name, version, aggregate_type, aggregate_id)
);
