CREATE TABLE line (line bigint PRIMARY KEY, kind text NOT NULL, request uuid NOT NULL,
    child uuid NOT NULL, activity text NOT NULL, date date NOT NULL, payer text,
    status text NOT NULL, detail text, reason text, refusal text,
    submitted timestamptz NOT NULL, decided timestamptz, due timestamptz, files text,
    before text, UNIQUE (request, kind, activity, date)) WITH (fillfactor = 80);

CREATE INDEX line_session ON line (activity, date);
