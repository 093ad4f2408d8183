-- Erasure: the content of an event may be taken out of the log, the event may not. What is left is its
-- skeleton: position, stream, version, id, type, time and hash. Two more bits of `flags` say so:
-- 8: redacted, data and maybe metadata are gone; the event is shown all the same
-- 16: scavenged, data and metadata are gone; no read shows the event any more

-- How many transactions have erased anything: what was read before an erasure is told by it from what
-- is read after.
ALTER TABLE store ADD COLUMN erasures bigint NOT NULL DEFAULT 0 CHECK (erasures >= 0);

-- The streams that each of them erased from, for the nodes that did not do it themselves.
CREATE TABLE erasures (
	number bigint PRIMARY KEY,
	streams bigint[] NOT NULL
);

-- What hides events hides the low end of a stream, so one number tells which were scavenged: the
-- lowest version that was not.
ALTER TABLE marks ADD COLUMN scavenged bigint;

-- The runs of scavenged positions, each as long as it can be: a read of the log jumps over them.
-- A gap that a new one joins is found by either end.
CREATE TABLE gaps (
	first bigint PRIMARY KEY,
	last bigint NOT NULL CHECK (last >= first)
);
CREATE UNIQUE INDEX gaps_by_last ON gaps ((last + 1));
CREATE UNIQUE INDEX gaps_by_first ON gaps ((first - 1));

CREATE OR REPLACE FUNCTION refuse_falling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'UPDATE' OR new.next < old.next OR new.created < old.created
		OR new.streams < old.streams OR new.incarnation < old.incarnation
		OR new.erasures < old.erasures THEN
		RAISE EXCEPTION 'the end of the log only rises' USING ERRCODE = 'restrict_violation';
	END IF;
	RETURN new;
END $$;

-- The one thing that may happen to an event: its content goes, with the flag that says so, for ever.
-- Without its digests, nothing could hold what is left against the hash. It finds them whatever path
-- the session searches.
CREATE FUNCTION refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
	IF new.position = old.position AND new.stream = old.stream AND new.version = old.version
		AND new.id = old.id AND new.type = old.type AND new.created = old.created
		AND new.hash = old.hash
		-- No flag but these two may come, and none may go.
		AND (new.flags | 24) = (old.flags | 24) AND (new.flags & old.flags) = old.flags
		AND (new.flags & 24) > 0
		AND length(new.data) = 0
		AND (length(new.metadata) = 0 OR ((new.flags & 16) = 0 AND new.metadata = old.metadata))
		AND EXISTS (SELECT 1 FROM digests WHERE digests.position = old.position) THEN
		RETURN new;
	END IF;
	RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'restrict_violation';
END $$;
DROP TRIGGER events_are_never_updated ON events;
CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
	FOR EACH ROW EXECUTE FUNCTION refuse_all_but_erasure();
