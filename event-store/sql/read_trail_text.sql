-- The text whose hash, after the hash of the entry before, is the hash of an entry of the read trail.
CREATE OR REPLACE FUNCTION read_trail_text(n bigint, t timestamptz, a text, o text, f text[], s text[])
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT json_build_array(n, to_char(t AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a, o, f, s)::text
$$;
