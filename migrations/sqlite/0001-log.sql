-- The log. Events are rows in commit order; a stream is a list of positions, by version, in `entries`:
-- own streams and index streams alike, so that there is one way to read them all.

CREATE TABLE streams (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- The wide columns stand last: a read that leaves them out never follows their overflow pages.
CREATE TABLE events (
	position INTEGER PRIMARY KEY,
	stream INTEGER NOT NULL,
	version INTEGER NOT NULL,
	id BLOB NOT NULL CHECK (length(id) = 16),
	type TEXT NOT NULL,
	created INTEGER NOT NULL, -- milliseconds since 1970, never falling
	-- 1: data (where it is empty: metadata) is JSON
	-- 2: the tombstone of its stream
	-- 4: the first event after a soft delete
	flags INTEGER NOT NULL,
	data BLOB NOT NULL,
	metadata BLOB NOT NULL
) STRICT;

-- Idempotence asks one question: does this stream hold this id? Led by the stream, the answer for a
-- batch lies on the few pages the batch is about to write anyway; led by the id alone, every event
-- would dirty a page of its own.
CREATE INDEX events_by_id ON events (stream, id);

CREATE TABLE entries (
	stream INTEGER NOT NULL,
	version INTEGER NOT NULL,
	position INTEGER NOT NULL,
	PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;

-- What is to be known of a stream besides its entries, in the transaction that makes it so; 0 stands for
-- `$all`. Most streams have no row. Positions in the log:
CREATE TABLE marks (
	stream INTEGER PRIMARY KEY,
	metadata INTEGER,  -- the newest event of its metadata stream
	tombstone INTEGER, -- the event that deleted it for ever
	link INTEGER       -- its newest event that is a link
) STRICT;

-- What is in the log stays in the log, whoever opens the file.
CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never updated'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER entries_are_never_updated BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never updated'); END;
CREATE TRIGGER entries_are_never_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER streams_are_never_updated BEFORE UPDATE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never updated'); END;
CREATE TRIGGER streams_are_never_deleted BEFORE DELETE ON streams
BEGIN SELECT RAISE(ABORT, 'streams are never deleted'); END;
