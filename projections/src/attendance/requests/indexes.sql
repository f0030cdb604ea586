CREATE INDEX IF NOT EXISTS line_payer ON line (payer, line);

CREATE INDEX IF NOT EXISTS line_pending ON line (line) WHERE status = 'PENDING';
