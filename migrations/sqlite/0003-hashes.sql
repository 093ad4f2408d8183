-- Each event has the hash of all it holds, and the log is a Merkle tree over them: see
-- docs/proofs.md. The table is made anew, since `hash` has to stand before the wide columns: a page
-- of hashes must not cost a walk along the overflow pages of what the events hold.
--
-- For a million events of 300 bytes this takes some 12 seconds, and while it lasts twice the room of
-- the log once more: the new table goes to the WAL first. `leaf_hash` is a function of ours.

CREATE TABLE hashed_events (
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
	-- Of the event as it was appended; it stays when data and metadata are erased.
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	data BLOB NOT NULL,
	metadata BLOB NOT NULL
) STRICT;

INSERT INTO hashed_events
SELECT e.position, e.stream, e.version, e.id, e.type, e.created, e.flags,
	leaf_hash(e.position, s.name, e.version, e.id, e.type, e.created, e.flags, e.data, e.metadata),
	e.data, e.metadata
FROM events e CROSS JOIN streams s ON s.id = e.stream ORDER BY e.position;

-- Its index and its triggers go with it.
DROP TABLE events;
ALTER TABLE hashed_events RENAME TO events;

-- As in 0001: idempotence asks whether this stream holds this id.
CREATE INDEX events_by_id ON events (stream, id);

CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never updated'); END;
CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- The nodes of the tree that tiles show: at level n the roots of its full subtrees of 256^n leaves,
-- from n = 1 on; level 0 is `events.hash`. Written with the event that completes them.
CREATE TABLE nodes (
	level INTEGER NOT NULL,
	number INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

WITH RECURSIVE
	size(full) AS (SELECT (max(position) + 1) / 256 FROM events),
	numbers(number) AS (
		SELECT 0 FROM size WHERE full > 0 UNION ALL SELECT number + 1 FROM numbers, size
		WHERE number + 1 < full)
INSERT INTO nodes SELECT 1, number, (SELECT subtree_root(position, hash) FROM events
	WHERE position BETWEEN number * 256 AND number * 256 + 255) FROM numbers;

-- A node of the next level for each 256 of this one, up to 4 × 10⁹ events.
INSERT INTO nodes SELECT 2, number / 256, subtree_root(number, hash)
FROM nodes WHERE level = 1 GROUP BY number / 256 HAVING count(*) = 256;
INSERT INTO nodes SELECT 3, number / 256, subtree_root(number, hash)
FROM nodes WHERE level = 2 GROUP BY number / 256 HAVING count(*) = 256;
INSERT INTO nodes SELECT 4, number / 256, subtree_root(number, hash)
FROM nodes WHERE level = 3 GROUP BY number / 256 HAVING count(*) = 256;

CREATE TRIGGER nodes_are_never_updated BEFORE UPDATE ON nodes
BEGIN SELECT RAISE(ABORT, 'nodes are never updated'); END;
CREATE TRIGGER nodes_are_never_deleted BEFORE DELETE ON nodes
BEGIN SELECT RAISE(ABORT, 'nodes are never deleted'); END;

-- The SHA-256 digests of what was erased, written in the transaction that erases it: with them, what
-- is left of the event can still be held against its hash. Of everything else they can be computed.
CREATE TABLE digests (
	position INTEGER PRIMARY KEY,
	data BLOB NOT NULL CHECK (length(data) = 32),
	metadata BLOB NOT NULL CHECK (length(metadata) = 32)
) STRICT;

CREATE TRIGGER digests_are_never_updated BEFORE UPDATE ON digests
BEGIN SELECT RAISE(ABORT, 'digests are never updated'); END;
CREATE TRIGGER digests_are_never_deleted BEFORE DELETE ON digests
BEGIN SELECT RAISE(ABORT, 'digests are never deleted'); END;
