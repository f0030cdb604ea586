-- Counters per side: the home page and the folders read them without counting.
CREATE TABLE conversation (id uuid PRIMARY KEY, family text NOT NULL, structure text NOT NULL, subject text,
    assigned text, last bigint NOT NULL, last_at timestamptz NOT NULL,
    family_sent int NOT NULL DEFAULT 0, structure_sent int NOT NULL DEFAULT 0,
    family_unread int NOT NULL DEFAULT 0, structure_unread int NOT NULL DEFAULT 0,
    family_deleted boolean NOT NULL DEFAULT false, structure_deleted boolean NOT NULL DEFAULT false);

CREATE INDEX conversation_family ON conversation (family, last);

CREATE INDEX conversation_structure ON conversation (structure, last);

CREATE TABLE message (id uuid PRIMARY KEY, conversation uuid NOT NULL, line bigint NOT NULL, sender text NOT NULL,
    author text NOT NULL, body text, attachments json NOT NULL, sent timestamptz NOT NULL, read timestamptz);

CREATE INDEX message_conversation ON message (conversation, line);
