-- Where each history began that replaced another one: the position of the first event written in it.
-- With it, an event's id in feeds says in which history it was written, and stays as it is if a later
-- restore keeps the event. There is no row for the first history.
CREATE TABLE histories (
	incarnation bigint PRIMARY KEY,
	first bigint NOT NULL CHECK (first >= 0)
);
CREATE TRIGGER histories_are_never_changed BEFORE UPDATE OR DELETE ON histories
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER histories_are_never_emptied BEFORE TRUNCATE ON histories
	EXECUTE FUNCTION refuse_change();
