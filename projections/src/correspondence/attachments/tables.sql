CREATE TABLE attached (id uuid PRIMARY KEY);
