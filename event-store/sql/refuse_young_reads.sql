-- Entries of the read trail are kept a year by the database's own clock: the CNIL asks for six months to a
-- year (deliberation 2021-122). Older ones may be deleted, younger ones may not.
CREATE OR REPLACE FUNCTION refuse_young_reads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.kept_from > now() - interval '1 year' THEN
        RAISE EXCEPTION 'entries of the read trail are kept a year' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE TRIGGER read_trail_kept BEFORE DELETE ON read_trail
    FOR EACH ROW EXECUTE FUNCTION refuse_young_reads();
