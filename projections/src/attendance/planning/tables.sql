-- `due` is when a timer must act; `queued` orders the waiting list; `ended` is when what a
-- booking follows from ended without it. What a batch writes lies side by side in the key: it
-- is about few sessions and many children.
CREATE TABLE cell (child uuid NOT NULL, activity text NOT NULL, date date NOT NULL,
    status text NOT NULL, booking text NOT NULL, due timestamptz, queued bigint,
    ended timestamptz, position bigint NOT NULL, PRIMARY KEY (activity, date, child)) WITH (fillfactor = 80);

CREATE TABLE session (activity text NOT NULL, date date NOT NULL, held int NOT NULL,
    waiting int NOT NULL, list_closes timestamptz, PRIMARY KEY (activity, date)) WITH (fillfactor = 60);
