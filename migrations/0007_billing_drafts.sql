-- The drafts of billing runs: computed from the read models, reviewed by staff, and what is issued.
-- A draft that was not issued can be thrown away and computed again.
CREATE TABLE billing_draft_progress (
    run         uuid    PRIMARY KEY,
    families    int     NOT NULL,
    done        int     NOT NULL DEFAULT 0,
    last_family text    NOT NULL DEFAULT '',
    complete    boolean NOT NULL DEFAULT false
);

CREATE TABLE billing_draft (
    run      uuid          NOT NULL REFERENCES billing_draft_progress ON DELETE CASCADE,
    family   text          NOT NULL,
    total    numeric(14,2) NOT NULL,
    lines    text          NOT NULL,
    warnings text          NOT NULL,
    seen     bigint        NOT NULL,
    PRIMARY KEY (run, family)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, UPDATE, DELETE ON billing_draft, billing_draft_progress TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
