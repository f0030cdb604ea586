-- Copies of printed documents are kept as long as the accounts, files of families are not: each has a
-- key of its own.
ALTER TABLE attachment ADD COLUMN purpose text NOT NULL DEFAULT 'ATTACHMENT';

-- A day's retention was looked after: once, by whichever process got there first.
CREATE TABLE retention_day (
    day  date        PRIMARY KEY,
    done timestamptz NOT NULL DEFAULT now()
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT ON retention_day TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
