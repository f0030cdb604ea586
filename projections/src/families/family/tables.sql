CREATE TABLE family (number text PRIMARY KEY, responsible json);

CREATE TABLE child (id uuid PRIMARY KEY, identity json);

CREATE TABLE child_family (child uuid NOT NULL, family text NOT NULL, PRIMARY KEY (family, child));

CREATE INDEX child_family_child ON child_family (child);

CREATE TABLE enrolment (line bigint PRIMARY KEY, child uuid NOT NULL, activity text NOT NULL,
    payer text NOT NULL, first_day date NOT NULL, last_day date, document json NOT NULL);

CREATE INDEX enrolment_child ON enrolment (child);

CREATE INDEX enrolment_activity ON enrolment (activity);
