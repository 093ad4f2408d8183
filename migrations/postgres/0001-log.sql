-- The log. Events are rows in commit order; a stream is a list of positions, by version, in `entries`:
-- own streams and index streams alike, so that there is one way to read them all.
--
-- The numbers of these files mean what they mean in migrations/sqlite. Each runs in a transaction of
-- its own, in the schema of the log.

-- The bytes of names order them, whatever the database's collation. Numbers are given by the log, not
-- by a sequence: a sequence leaves gaps where a transaction is undone.
CREATE TABLE streams (
	id bigint PRIMARY KEY CHECK (id > 0),
	name text COLLATE "C" NOT NULL UNIQUE
);

-- Wide columns stand last. Content is stored as it came: whoever appends waits for the row of the
-- log's end, and compression would make them wait longer.
CREATE TABLE events (
	position bigint PRIMARY KEY CHECK (position >= 0),
	stream bigint NOT NULL,
	version bigint NOT NULL CHECK (version >= 0),
	created bigint NOT NULL, -- milliseconds since 1970, never falling
	id uuid NOT NULL,
	-- 1: data (where it is empty: metadata) is JSON
	-- 2: the tombstone of its stream
	-- 4: the first event after a soft delete
	flags smallint NOT NULL,
	type text COLLATE "C" NOT NULL,
	data bytea NOT NULL,
	metadata bytea NOT NULL
);
ALTER TABLE events ALTER COLUMN data SET STORAGE EXTERNAL;
ALTER TABLE events ALTER COLUMN metadata SET STORAGE EXTERNAL;

CREATE TABLE entries (
	stream bigint NOT NULL,
	version bigint NOT NULL CHECK (version >= 0),
	position bigint NOT NULL,
	PRIMARY KEY (stream, version)
);

-- What is to be known of a stream besides its entries, in the transaction that makes it so; 0 stands for
-- `$all`. Most streams have no row. Positions in the log:
CREATE TABLE marks (
	stream bigint PRIMARY KEY,
	metadata bigint,  -- the newest event of its metadata stream
	tombstone bigint, -- the event that deleted it for ever
	link bigint       -- its newest event that is a link
);

-- The end of the log: one row, which each transaction of appends takes, so that positions are given
-- one after another, and in the order of the commits. Its old versions are many; pages that are
-- nearly empty keep the new ones beside them.
CREATE TABLE store (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	next bigint NOT NULL DEFAULT 0 CHECK (next >= 0), -- the position of the next event
	created bigint NOT NULL DEFAULT 0,                -- that of the last event
	streams bigint NOT NULL DEFAULT 0                 -- the last number given to a stream
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);
INSERT INTO store DEFAULT VALUES;

-- Which node does what only one may do at a time. Who leads holds an advisory lock; each new leader
-- gets a higher number, and what it writes is refused once another one has a higher one.
CREATE TABLE leader (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	epoch bigint NOT NULL DEFAULT 0,
	node text
);
INSERT INTO leader DEFAULT VALUES;

-- What is in the log stays in the log, whoever connects to the database.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_are_never_deleted BEFORE DELETE ON events
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_updated BEFORE UPDATE ON events
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_emptied BEFORE TRUNCATE ON events
	EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_are_never_changed BEFORE UPDATE OR DELETE ON entries
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entries_are_never_emptied BEFORE TRUNCATE ON entries
	EXECUTE FUNCTION refuse_change();
CREATE TRIGGER streams_are_never_changed BEFORE UPDATE OR DELETE ON streams
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER streams_are_never_emptied BEFORE TRUNCATE ON streams
	EXECUTE FUNCTION refuse_change();

-- The log only grows.
CREATE FUNCTION refuse_falling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'UPDATE' OR new.next < old.next OR new.created < old.created
		OR new.streams < old.streams THEN
		RAISE EXCEPTION 'the end of the log only rises' USING ERRCODE = 'restrict_violation';
	END IF;
	RETURN new;
END $$;
CREATE TRIGGER store_only_rises BEFORE UPDATE OR DELETE ON store
	FOR EACH ROW EXECUTE FUNCTION refuse_falling();
CREATE TRIGGER store_is_never_emptied BEFORE TRUNCATE ON store
	EXECUTE FUNCTION refuse_change();
