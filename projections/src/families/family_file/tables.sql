CREATE TABLE section (owner text NOT NULL, section text NOT NULL, revision int NOT NULL, value json,
    changed timestamptz NOT NULL, PRIMARY KEY (owner, section));

CREATE TABLE request (request uuid PRIMARY KEY, line bigint NOT NULL UNIQUE, payer text NOT NULL,
    child uuid, section text NOT NULL, kind text NOT NULL, proposal json, attachments json NOT NULL, status text NOT NULL,
    refusal text, note text, submitted timestamptz NOT NULL, decided timestamptz);

CREATE INDEX request_payer ON request (payer, line);

CREATE INDEX request_pending ON request (line) WHERE status = 'PENDING';
