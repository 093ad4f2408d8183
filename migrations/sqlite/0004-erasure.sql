-- Erasure: the content of an event may be taken out of the log, the event may not. What is left is its
-- skeleton: position, stream, version, id, type, time and hash. Two more bits of `flags` say so:
-- 8: redacted, data and maybe metadata are gone; the event is shown all the same
-- 16: scavenged, data and metadata are gone; no read shows the event any more

-- How many transactions have erased anything: what was read before an erasure is told by it from what
-- is read after.
ALTER TABLE store ADD COLUMN erasures INTEGER NOT NULL DEFAULT 0 CHECK (erasures >= 0);

-- What hides events hides the low end of a stream, so one number tells which were scavenged: the
-- lowest version that was not.
ALTER TABLE marks ADD COLUMN scavenged INTEGER;

-- The runs of scavenged positions, each as long as it can be: a read of the log jumps over them.
CREATE TABLE gaps (
	first INTEGER PRIMARY KEY,
	last INTEGER NOT NULL CHECK (last >= first),
	packed INTEGER -- the skeletons up to this position were moved together
) STRICT;

DROP TRIGGER incarnations_only_rise;
CREATE TRIGGER incarnations_only_rise BEFORE UPDATE OF incarnation ON store
WHEN new.incarnation <= old.incarnation
BEGIN SELECT RAISE(ABORT, 'an incarnation only rises'); END;
CREATE TRIGGER erasures_only_rise BEFORE UPDATE OF erasures ON store
WHEN new.erasures <= old.erasures
BEGIN SELECT RAISE(ABORT, 'the number of erasures only rises'); END;

-- The one thing that may happen to an event: its content goes, with the flag that says so, for ever.
DROP TRIGGER events_are_never_updated;
CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
WHEN NOT (
	new.position = old.position
	AND new.stream = old.stream
	AND new.version = old.version
	AND new.id = old.id
	AND new.type = old.type
	AND new.created = old.created
	AND new.hash = old.hash
	-- No flag but these two may come, and none may go.
	AND (new.flags | 24) = (old.flags | 24)
	AND (new.flags & old.flags) = old.flags
	AND (new.flags & 24) > 0
	AND length(new.data) = 0
	AND (length(new.metadata) = 0 OR ((new.flags & 16) = 0 AND new.metadata = old.metadata))
	-- Without its digests, nothing could hold what is left against the hash.
	AND EXISTS (SELECT 1 FROM digests WHERE position = old.position)
)
BEGIN SELECT RAISE(ABORT, 'events are never updated'); END;
