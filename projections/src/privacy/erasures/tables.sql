CREATE TABLE erasure (line bigint PRIMARY KEY, subject text NOT NULL, purposes text[] NOT NULL,
    basis text NOT NULL, files int NOT NULL, actor text NOT NULL, erased timestamptz NOT NULL);

CREATE INDEX erasure_subject ON erasure (subject);

CREATE TABLE policy (name text PRIMARY KEY, document text NOT NULL);
