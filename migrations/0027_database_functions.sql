-- Which shape of the functions and triggers in event-store/sql the database has (decision 47): one row per
-- revision that was applied, the highest is in force.
CREATE TABLE database_functions (
    revision   int         PRIMARY KEY CHECK (revision > 0),
    -- The SHA-256 of the files.
    files      text        NOT NULL,
    -- The hash of the definitions as the database shows them: tells a function that was changed by hand.
    catalogue  text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
