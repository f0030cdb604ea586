CREATE TABLE regie (id text PRIMARY KEY, settings text NOT NULL, series text NOT NULL);

CREATE TABLE run (id uuid PRIMARY KEY, line bigint NOT NULL, regie text NOT NULL, first_day date NOT NULL,
    last_day date NOT NULL, date date NOT NULL, due date NOT NULL, stage text NOT NULL,
    invoices int NOT NULL DEFAULT 0, last_family text, prepared timestamptz NOT NULL, ended timestamptz);

CREATE TABLE closing (regie text NOT NULL, date date NOT NULL, totals text NOT NULL,
    closed timestamptz NOT NULL, PRIMARY KEY (regie, date));

CREATE TABLE debit_batch (id uuid PRIMARY KEY, regie text NOT NULL, date date NOT NULL, issuer text,
    left_out text NOT NULL, ordered timestamptz NOT NULL);
