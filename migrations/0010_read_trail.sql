-- Who looked at what: every read of an auditor, every look of staff at personal data. Each entry is
-- chained to the one before; signed checkpoints of the log carry where the chain stands.
CREATE TABLE read_trail (
    number    bigint      PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text        NOT NULL,
    operation text        NOT NULL,
    fields    text[]      NOT NULL,
    subjects  text[]      NOT NULL,
    chain     bytea       NOT NULL,
    -- By the database's own clock, whatever the town's shows: how long it has to be kept.
    kept_from timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX read_trail_subjects ON read_trail USING gin (subjects);

-- What an entry's hash is made of, after the hash before it.
CREATE FUNCTION read_trail_text(n bigint, t timestamptz, a text, o text, f text[], s text[])
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_array(n, to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a, o, f, s)::text
$$;

CREATE FUNCTION record_read(p_at timestamptz, p_actor text, p_operation text, p_fields text[], p_subjects text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
    tip  bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(5843923847263);
    SELECT number, chain INTO last, tip FROM read_trail ORDER BY number DESC LIMIT 1;
    last := coalesce(last, 0) + 1;
    INSERT INTO read_trail (number, at, actor, operation, fields, subjects, chain) VALUES (last, p_at, p_actor, p_operation, p_fields, p_subjects,
        sha256(coalesce(tip, '') ||
            convert_to(read_trail_text(last, p_at, p_actor, p_operation, p_fields, p_subjects), 'UTF8')));
END $$;

CREATE TRIGGER read_trail_append_only BEFORE UPDATE OR TRUNCATE ON read_trail
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The CNIL asks for such a trail to be kept six months to a year: older entries may go, younger may not.
CREATE FUNCTION refuse_young_reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kept_from > now() - interval '1 year' THEN
        RAISE EXCEPTION 'entries of the read trail are kept a year' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER read_trail_kept BEFORE DELETE ON read_trail
    FOR EACH ROW EXECUTE FUNCTION refuse_young_reads();

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
        GRANT SELECT, INSERT, DELETE ON read_trail TO portail_app;
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;
