-- A day's payer is looked up in the planning when the message is sent.
CREATE TABLE message (id uuid PRIMARY KEY, line bigint NOT NULL, command uuid NOT NULL, template text NOT NULL,
    family text, child uuid, activity text, dates date[] NOT NULL, occurred timestamptz NOT NULL);

CREATE INDEX message_occurred ON message (occurred);

CREATE TABLE conversation (id uuid PRIMARY KEY, family text NOT NULL);
