-- Adds an entry to the read trail, chained to the one before. The advisory lock is held to the end of the
-- transaction: numbers have no gaps.
CREATE OR REPLACE FUNCTION record_read(
    p_at timestamptz, p_actor text, p_operation text, p_fields text[], p_subjects text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
    tip  bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(5843923847263);
    SELECT number, chain INTO last, tip FROM read_trail ORDER BY number DESC LIMIT 1;
    last := coalesce(last, 0) + 1;
    INSERT INTO read_trail (number, at, actor, operation, fields, subjects, chain)
    VALUES (last, p_at, p_actor, p_operation, p_fields, p_subjects,
        sha256(coalesce(tip, '') ||
            convert_to(read_trail_text(last, p_at, p_actor, p_operation, p_fields, p_subjects), 'UTF8')));
END $$;
