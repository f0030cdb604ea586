-- What a dump does not carry of the application's role: its right to make read models in this database, the
-- membership of who migrates, and the ownership of the read models when they were restored without owners.
-- Idempotent; nothing happens where the role is missing or may not append.
DO $$
DECLARE
    app  oid := (SELECT oid FROM pg_roles WHERE rolname = 'portail_app');
    name text;
BEGIN
    IF app IS NULL OR NOT has_table_privilege(app, 'public.events', 'INSERT') THEN
        RETURN;
    END IF;
    IF NOT pg_has_role(current_user, app, 'MEMBER') THEN
        EXECUTE format('GRANT portail_app TO %I', current_user);
    END IF;
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
    -- Another process gives them at this very moment.
    WHEN internal_error OR unique_violation THEN NULL;
END $$;
