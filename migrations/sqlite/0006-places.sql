-- One tree for what an append writes of a stream. Until now the entry of an event in its own stream and
-- its id in the index of ids lay on two pages, so each append to a stream of its own wrote two. Now
-- they are neighbours, and the id is there as a number of 6 bytes.
--
-- It takes up to a minute for ten million events, and while it lasts half of the room of the log once
-- more: all changes go to the WAL first. `id_key` is a function of ours.

-- Where the events of a stream stand. A key of 0 or more is a version. A key below is made of an event's
-- id, in its own stream alone: see src/log/sqlite/ids/keys.ts. Two ids may have one key.
CREATE TABLE places (
	stream INTEGER NOT NULL,
	key INTEGER NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (stream, key, position)
) STRICT, WITHOUT ROWID;

-- Both halves come in the order of the streams, so SQLite sorts the ids of one stream at a time.
INSERT INTO places
SELECT stream, version, position FROM entries
UNION ALL SELECT stream, id_key(id), position FROM events INDEXED BY events_by_id
ORDER BY 1, 2, 3;

DROP INDEX events_by_id;
-- Its triggers go with it.
DROP TABLE entries;

-- The plus keeps the 0 out of look-ups: SQLite takes one lower bound, and would read a long stream from
-- its first entry on if it took this one instead of that of the statement.
CREATE VIEW entries AS SELECT stream, key AS version, position FROM places WHERE +key >= 0;

CREATE TRIGGER places_are_never_updated BEFORE UPDATE ON places
BEGIN SELECT RAISE(ABORT, 'places are never updated'); END;
CREATE TRIGGER places_are_never_deleted BEFORE DELETE ON places
BEGIN SELECT RAISE(ABORT, 'places are never deleted'); END;
