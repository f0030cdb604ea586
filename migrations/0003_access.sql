-- Credentials are secrets, not events: they are never in the log.
CREATE TABLE account (
    login         text        PRIMARY KEY,
    role          text        NOT NULL CHECK (role IN ('PARENT', 'STAFF', 'ADMINISTRATOR', 'AUDITOR')),
    password_hash text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- A session token is kept only as its SHA-256.
CREATE TABLE login_session (
    token_hash bytea       PRIMARY KEY,
    login      text        NOT NULL REFERENCES account ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX login_session_expiry ON login_session (expires_at);

-- One data key per subject and purpose, wrapped by the master key, which is not in the database.
-- Destroying a key makes the sealed values of the log unreadable; the row stays as the evidence.
CREATE TABLE subject_key (
    subject      text        NOT NULL,
    purpose      text        NOT NULL,
    wrapped_key  bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (subject, purpose),
    CHECK ((wrapped_key IS NULL) = (destroyed_at IS NOT NULL))
);
