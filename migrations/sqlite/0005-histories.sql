-- Where each history began that replaced another one: the position of the first event written in it.
-- With it, an event's id in feeds says in which history it was written, and stays as it is if a later
-- restore keeps the event. There is no row for the first history.
CREATE TABLE histories (
	incarnation INTEGER PRIMARY KEY,
	first INTEGER NOT NULL CHECK (first >= 0)
) STRICT;
-- Until now all ids carried the newest number. They keep it, as nobody knows where it began.
INSERT INTO histories SELECT incarnation, 0 FROM store WHERE incarnation > 1;

CREATE TRIGGER histories_are_never_updated BEFORE UPDATE ON histories
BEGIN SELECT RAISE(ABORT, 'histories are never updated'); END;
CREATE TRIGGER histories_are_never_deleted BEFORE DELETE ON histories
BEGIN SELECT RAISE(ABORT, 'histories are never deleted'); END;
