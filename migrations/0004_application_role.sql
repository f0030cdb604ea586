-- The role the server works as: it reads and appends, it owns nothing of the log. Where the
-- migrating role may not create roles, the server goes on as that role and says so at start.
DO $$
BEGIN
    BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'portail_app') THEN
            CREATE ROLE portail_app NOLOGIN;
        END IF;
    EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN RETURN;
    END;
    BEGIN
        EXECUTE format('GRANT portail_app TO %I', current_user);
    EXCEPTION
        WHEN insufficient_privilege THEN RETURN;
        -- Another database of the cluster is migrating at this very moment.
        WHEN internal_error OR unique_violation THEN NULL;
    END;
    GRANT SELECT, INSERT ON events, command_log TO portail_app;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON projection, projection_quarantine, account, login_session TO portail_app;
    GRANT SELECT, INSERT, UPDATE ON subject_key TO portail_app;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO portail_app', current_database());
END $$;
