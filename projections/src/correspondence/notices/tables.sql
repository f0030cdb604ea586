CREATE TABLE notice (id uuid PRIMARY KEY, line bigint NOT NULL, audience text NOT NULL, target text,
    said json, link text, form json, first_day date NOT NULL, last_day date,
    published timestamptz NOT NULL, withdrawn timestamptz);

CREATE INDEX notice_shown ON notice (audience, target) WHERE withdrawn IS NULL;
