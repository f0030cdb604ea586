-- When a file was last worked at, and last named by a command: what nothing refers to is deleted some time
-- after either.
ALTER TABLE attachment
    ADD COLUMN touched_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN named_at   timestamptz;
-- Any file there is may have been named; none from now on without a word here.
UPDATE attachment SET named_at = started_at WHERE sha256 IS NOT NULL;
CREATE INDEX attachment_uploaded_by ON attachment (uploaded_by);
CREATE INDEX attachment_touched_at ON attachment (touched_at);
