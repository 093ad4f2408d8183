-- Each event has the hash of all it holds, and the log is a Merkle tree over them: see docs/proofs.md.
-- The hash is of the event as it was appended; it stays when data and metadata are erased.
ALTER TABLE events ADD COLUMN hash bytea NOT NULL CHECK (length(hash) = 32);
ALTER TABLE events ALTER COLUMN hash SET STORAGE PLAIN;

-- The nodes of the tree that tiles show: at level n the roots of its full subtrees of 256^n leaves,
-- from n = 1 on; level 0 is `events.hash`. Written with the event that completes them.
CREATE TABLE nodes (
	level smallint NOT NULL,
	number bigint NOT NULL,
	hash bytea NOT NULL CHECK (length(hash) = 32),
	PRIMARY KEY (level, number)
);
CREATE TRIGGER nodes_are_never_changed BEFORE UPDATE OR DELETE ON nodes
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER nodes_are_never_emptied BEFORE TRUNCATE ON nodes
	EXECUTE FUNCTION refuse_change();

-- The SHA-256 digests of what was erased, written in the transaction that erases it: with them, what
-- is left of the event can still be held against its hash. Of everything else they can be computed.
CREATE TABLE digests (
	position bigint PRIMARY KEY,
	data bytea NOT NULL CHECK (length(data) = 32),
	metadata bytea NOT NULL CHECK (length(metadata) = 32)
);
CREATE TRIGGER digests_are_never_changed BEFORE UPDATE OR DELETE ON digests
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER digests_are_never_emptied BEFORE TRUNCATE ON digests
	EXECUTE FUNCTION refuse_change();

-- The right edge of the tree, which the next event is added to: the roots that wait for their right
-- sibling, 32 bytes each, the lowest first. So no node reads the tree to go on with it.
ALTER TABLE store ADD COLUMN edge bytea NOT NULL DEFAULT ''::bytea;

-- One key signs for all nodes (PKCS #8, PEM), and what was signed last. Whoever may read this table may sign.
CREATE TABLE signing (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	key text,
	checkpoint text
);
INSERT INTO signing DEFAULT VALUES;
CREATE TRIGGER signing_stays BEFORE DELETE ON signing
	FOR EACH ROW EXECUTE FUNCTION refuse_change();
