-- What an event's command did, what is correlated with it and what it caused is looked up, not searched for.
-- The events of a command lie together and end where the command log says, which needs no index; these
-- hold what lies elsewhere, which is little, so that appends do not pay for it.
CREATE INDEX events_correlation ON events (correlation_id) WHERE correlation_id <> command_id;
CREATE INDEX events_causation ON events (causation_id) WHERE causation_id IS NOT NULL;
