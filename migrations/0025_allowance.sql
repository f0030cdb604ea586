-- What is limited in time: attempts to log in, conversations opened. One row per kind and person, who are
-- known only by their digest. All of an allowance is free at `free_at`; each use moves it on by a step, and
-- none is given that would move it further than the span. Rows whose time is over mean nothing.
CREATE TABLE allowance (
    key     bytea       PRIMARY KEY,
    free_at timestamptz NOT NULL
);
CREATE INDEX allowance_free_at ON allowance (free_at);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON allowance TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
