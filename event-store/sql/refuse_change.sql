-- Refuses every change of what is written once. The triggers below are the list of append-only tables; they
-- are made in the order in which an append writes them, so that replacing them cannot deadlock with one.
-- (`read_trail` forgets its oldest entries: refuse_young_reads.sql.)
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the log is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER command_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER command_relation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON command_relation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER log_block_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER log_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER first_signing_key_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON first_signing_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER read_trail_append_only BEFORE UPDATE OR TRUNCATE ON read_trail
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
