-- One event is one operation at most. `seen` is the position the price was computed from.
-- `counts_from` is the day the ledger counts a row from (see the domain's `account::ledger`).
CREATE TABLE operation (line bigint PRIMARY KEY, family text NOT NULL, regie text NOT NULL,
    number int NOT NULL, kind text NOT NULL, date date NOT NULL, school_year int NOT NULL,
    debit numeric(14,2) NOT NULL, credit numeric(14,2) NOT NULL, detail text NOT NULL, counts_from date NOT NULL);

CREATE INDEX operation_family ON operation (family, school_year);

CREATE INDEX operation_regie ON operation (regie, date);

CREATE TABLE invoice (regie text NOT NULL, number int NOT NULL, family text NOT NULL,
    credit_note boolean NOT NULL, date date NOT NULL, due date NOT NULL, first_day date, last_day date,
    total numeric(14,2) NOT NULL, open numeric(14,2) NOT NULL, run uuid, lines text NOT NULL,
    note text, line bigint NOT NULL, taken_over boolean NOT NULL, PRIMARY KEY (regie, number)) WITH (fillfactor = 80);

CREATE INDEX invoice_family ON invoice (family);

CREATE INDEX invoice_run ON invoice (run, family);

CREATE INDEX invoice_taken_over ON invoice (family, last_day) WHERE taken_over;

CREATE INDEX invoice_open ON invoice (regie, due) WHERE open > 0;

CREATE TABLE payment (regie text NOT NULL, number int NOT NULL, family text NOT NULL, date date NOT NULL,
    method text NOT NULL, amount numeric(14,2) NOT NULL, free numeric(14,2) NOT NULL, reference text,
    rejected date, line bigint NOT NULL, PRIMARY KEY (regie, number));

CREATE INDEX payment_family ON payment (family);

CREATE TABLE allocation (line bigint NOT NULL, family text NOT NULL, regie text NOT NULL,
    credit_note boolean NOT NULL, number int NOT NULL, invoice int, amount numeric(14,2) NOT NULL,
    date date NOT NULL, counts_from date NOT NULL);

CREATE INDEX allocation_family ON allocation (family, date);

CREATE INDEX allocation_source ON allocation (regie, number);

CREATE INDEX allocation_later ON allocation (regie, counts_from);

CREATE TABLE billed (child uuid NOT NULL, date date NOT NULL, activity text NOT NULL, month boolean NOT NULL,
    family text NOT NULL, amount numeric(14,2) NOT NULL, seen bigint NOT NULL,
    PRIMARY KEY (child, date, activity, month, family));

CREATE TABLE debit (batch uuid NOT NULL, regie text NOT NULL, number int NOT NULL, family text NOT NULL,
    date date NOT NULL, amount numeric(14,2) NOT NULL, invoice int, mandate text NOT NULL, first boolean NOT NULL,
    amended boolean NOT NULL, details text, PRIMARY KEY (batch, number));

CREATE TABLE archive (family text NOT NULL, document text NOT NULL, attachment uuid NOT NULL,
    sha256 text NOT NULL, PRIMARY KEY (family, document));
