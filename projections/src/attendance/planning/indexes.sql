CREATE INDEX IF NOT EXISTS cell_child ON cell (child, date);

CREATE INDEX IF NOT EXISTS cell_due ON cell (due) WHERE due IS NOT NULL;

CREATE INDEX IF NOT EXISTS cell_ended ON cell (ended) WHERE ended IS NOT NULL;

CREATE INDEX IF NOT EXISTS session_list ON session (list_closes) WHERE waiting > 0;
