CREATE TABLE proposal (family text NOT NULL, slot text NOT NULL, action text NOT NULL, proposed_by text NOT NULL,
    proposed timestamptz NOT NULL, PRIMARY KEY (family, slot));
