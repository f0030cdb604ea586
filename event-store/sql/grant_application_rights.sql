-- Gives the role the server works as, `portail_app`, its rights: it reads and appends, and owns nothing of the
-- log. Called at each start by the role that migrates; a table made by a migration gets its line here.
--
-- It also gives back what a dump does not carry: the rights on this database, the membership of the role that
-- migrates, and the ownership of read models that were restored without owners. Where the role is missing, or
-- the calling role may not become it, nothing happens, and the server works as the calling role.
CREATE OR REPLACE FUNCTION grant_application_rights() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    app  oid := (SELECT oid FROM pg_roles WHERE rolname = 'portail_app');
    name text;
BEGIN
    IF app IS NULL THEN
        RETURN;
    END IF;
    IF NOT pg_has_role(current_user, app, 'MEMBER') THEN
        EXECUTE format('GRANT portail_app TO %I', current_user);
    END IF;

    -- Written once.
    GRANT SELECT, INSERT ON events, command_log, command_relation, log_checkpoint, log_block,
        first_signing_key, retention_day TO portail_app;
    -- Forgotten after a year (refuse_young_reads).
    GRANT SELECT, INSERT, DELETE ON read_trail TO portail_app;
    -- Not needed any more once a checkpoint is signed.
    GRANT SELECT, INSERT, UPDATE, DELETE ON append_seal TO portail_app;
    -- Changed, never deleted: a destroyed key's row is the evidence.
    GRANT SELECT, INSERT, UPDATE ON subject_key, master_key_check, delivery TO portail_app;
    -- Working data.
    GRANT SELECT, INSERT, UPDATE, DELETE ON projection, projection_quarantine, account, login_session,
        attachment, attachment_piece, billing_draft, billing_draft_progress, allowance TO portail_app;

    -- Told what it works on.
    GRANT SELECT ON database_functions TO portail_app;

    IF NOT has_database_privilege(app, current_database(), 'CREATE') THEN
        EXECUTE format('GRANT CREATE ON DATABASE %I TO portail_app', current_database());
    END IF;
    FOR name IN
        SELECT nspname FROM pg_namespace
        WHERE nspname ^@ 'rm_' AND nspowner <> app AND pg_has_role(current_user, nspowner, 'MEMBER')
    LOOP
        EXECUTE format('ALTER SCHEMA %I OWNER TO portail_app', name);
    END LOOP;
    FOR name IN
        SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname ^@ 'rm_' AND c.relkind IN ('r', 'p') AND c.relowner <> app
            AND pg_has_role(current_user, c.relowner, 'MEMBER')
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO portail_app', name);
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE WARNING 'portail_app lacks rights that % may not give: %', current_user, SQLERRM;
    -- Another database of the cluster is given them at this very moment.
    WHEN internal_error OR unique_violation THEN NULL;
END $$;
