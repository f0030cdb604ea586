CREATE TABLE household (id text PRIMARY KEY, document text NOT NULL);

CREATE TABLE child (id text PRIMARY KEY, document text NOT NULL);

CREATE TABLE link (family text NOT NULL, child text NOT NULL, PRIMARY KEY (family, child));
