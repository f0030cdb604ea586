CREATE TABLE entry (kind text NOT NULL, id text NOT NULL, state json NOT NULL, PRIMARY KEY (kind, id));
