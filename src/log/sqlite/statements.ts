/** All the SQL of the SQLite engine. Each statement is prepared once a connection. */

export const BEGIN_WRITE = "BEGIN IMMEDIATE";
/** Deferred: the snapshot is taken by the first read after it. */
export const BEGIN_READ = "BEGIN";
export const COMMIT = "COMMIT";
export const ROLLBACK = "ROLLBACK";

/** Waits for nobody: what a reader still needs in the WAL stays there until the next one. */
export const CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)";
/** Whether it was busy, the pages of the WAL, and how many of them were copied; copies none. */
export const SELECT_WAL_LENGTH = "PRAGMA wal_checkpoint(NOOP)";

export const SELECT_INCARNATION = "SELECT incarnation FROM store";
export const UPDATE_INCARNATION = "UPDATE store SET incarnation = ?";

/** The end of the log. `created` of the last event is the floor for that of the next. */
export const SELECT_END = "SELECT position, created FROM events ORDER BY position DESC LIMIT 1";

/**
 * A stream's number, last version and marks. Every named stream has entries: both are written
 * together.
 */
export const SELECT_STREAM = `
	SELECT id, (SELECT max(version) FROM entries WHERE stream = streams.id) AS last,
		metadata, tombstone, link
	FROM streams LEFT JOIN marks ON marks.stream = id WHERE name = ?`;

/** Of `$all`, which has the number 0 here. */
export const SELECT_ALL = `
	SELECT 0 AS id, (SELECT max(position) FROM events) AS last, metadata, tombstone, link
	FROM (SELECT 1) LEFT JOIN marks ON marks.stream = 0`;

/** Whether any stream is more than its entries; metadata may be there before its stream is. */
export const SELECT_IS_ANY_MARKED = `
	SELECT EXISTS (SELECT 1 FROM marks) OR EXISTS
		(SELECT 1 FROM streams WHERE name >= '$$' AND name < '$%')`;

/** Whether any metadata was ever written. */
export const SELECT_HAS_METADATA =
	"SELECT EXISTS (SELECT 1 FROM streams WHERE name >= '$$' AND name < '$%')";

export const MARK_METADATA = `
	INSERT INTO marks (stream, metadata) VALUES (?, ?)
	ON CONFLICT (stream) DO UPDATE SET metadata = excluded.metadata`;
export const MARK_TOMBSTONE = `
	INSERT INTO marks (stream, tombstone) VALUES (?, ?)
	ON CONFLICT (stream) DO UPDATE SET tombstone = excluded.tombstone`;
export const MARK_LINK = `
	INSERT INTO marks (stream, link) VALUES (?, ?)
	ON CONFLICT (stream) DO UPDATE SET link = excluded.link`;

export const SELECT_DATA_AT = "SELECT data FROM events WHERE position = ?";

/** The flags of the event at a version of a stream. */
export const SELECT_FLAGS_AT = `
	SELECT events.flags FROM entries JOIN events USING (position)
	WHERE entries.stream = ? AND entries.version = ?`;

export const SELECT_STREAM_NAME = "SELECT name FROM streams WHERE id = ?";

export const INSERT_STREAM = "INSERT INTO streams (name) VALUES (?)";

export const INSERT_EVENT = `
	INSERT INTO events (position, stream, version, id, type, created, flags, hash, data, metadata)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The leaf hashes of events first to last. */
export const SELECT_HASHES =
	"SELECT hash FROM events WHERE position BETWEEN ? AND ? ORDER BY position";

/** Nodes first to last of a level of the tree. */
export const SELECT_NODES =
	"SELECT hash FROM nodes WHERE level = ? AND number BETWEEN ? AND ? ORDER BY number";

export const INSERT_NODE = "INSERT INTO nodes (level, number, hash) VALUES (?, ?, ?)";

export const INSERT_ENTRY = "INSERT INTO entries (stream, version, position) VALUES (?, ?, ?)";

/**
 * The entries of a run of events, stream by stream: most batches lie next to each other in their
 * own stream, their category and their type. Position less version is the same throughout a run.
 * Half the price of as many INSERT_ENTRY, and the events' pages were written just now.
 */
export const INSERT_RUN = `
	INSERT INTO entries (stream, version, position)
	SELECT ?, position - ?, position FROM events WHERE position BETWEEN ? AND ?`;

/** The earliest event of a stream with an id: the index ends in the position. */
export const SELECT_VERSION_OF_ID = `
	SELECT version FROM events WHERE stream = ? AND id = ? ORDER BY position LIMIT 1`;

export const SELECT_POSITION_AT = "SELECT position FROM entries WHERE stream = ? AND version = ?";

export const SELECT_IS_AT = `
	SELECT events.id = ? FROM entries JOIN events USING (position)
	WHERE entries.stream = ? AND entries.version = ?`;

/**
 * What a read returns of an event besides what the client wrote, and how long that is: SQLite reads
 * a blob's length from the row's header, and not the blob. The id comes as text: a Buffer for each
 * row costs three times what writing the digits does.
 */
const HEAD_COLUMNS =
	"e.position, e.stream, e.version, lower(hex(e.id)), e.type, e.created, e.flags, " +
	"length(e.data), length(e.metadata)";

export type Order = "ASC" | "DESC";

/** Versions low to high of a stream. CROSS JOIN keeps SQLite from starting at the wrong table. */
const OF_STREAM = `
	FROM entries n CROSS JOIN events e ON e.position = n.position
	WHERE n.stream = ? AND n.version BETWEEN ? AND ?`;
/** The same of `$all`. */
const OF_ALL = "FROM events e WHERE e.position BETWEEN ? AND ?";

export const selectEntries = readsOf("n.version", OF_STREAM);
export const selectEvents = readsOf("e.position", OF_ALL);

/** The three statements of a read, all with the same parameters and in the same order. */
export type Reads = {
	/** The version of each entry, and its event without what the client wrote. */
	heads(order: Order): string;
	/** The data and metadata of each, one after another in a single value. */
	joined(order: Order): string;
	/** The data and metadata of each, in a row of its own. */
	apart(order: Order): string;
};

function readsOf(version: string, range: string): Reads {
	return {
		heads: (order) => `SELECT ${version}, ${HEAD_COLUMNS} ${range} ORDER BY ${version} ${order}`,
		joined: (order) => `
			SELECT CAST(group_concat(e.data || e.metadata, '' ORDER BY ${version} ${order}) AS BLOB)
			${range}`,
		apart: (order) => `SELECT e.data, e.metadata ${range} ORDER BY ${version} ${order}`,
	};
}

/** For `verify`: LEFT JOINs, because what ought to be there may be missing. */
const VERIFY_COLUMNS =
	"e.position, own.name, e.version, e.id, e.type, e.created, e.flags, e.metadata";

export const VERIFY_EVENTS = `
	SELECT ${VERIFY_COLUMNS} FROM events e LEFT JOIN streams own ON own.id = e.stream
	ORDER BY e.position`;

export const VERIFY_ENTRIES = `
	SELECT n.stream, s.name, n.version, n.position, ${VERIFY_COLUMNS}
	FROM entries n
	LEFT JOIN streams s ON s.id = n.stream
	LEFT JOIN events e ON e.position = n.position
	LEFT JOIN streams own ON own.id = e.stream
	ORDER BY n.stream, n.version`;

export const VERIFY_POSITION_AT = `
	SELECT position FROM entries
	WHERE stream = (SELECT id FROM streams WHERE name = ?) AND version = ?`;

export const VERIFY_LAST_POSITION = `
	SELECT position FROM entries WHERE stream = (SELECT id FROM streams WHERE name = ?)
	ORDER BY version DESC LIMIT 1`;

export const VERIFY_MARKS = `
	SELECT metadata, tombstone, link FROM marks
	WHERE stream = coalesce((SELECT id FROM streams WHERE name = ?), 0)`;

export const COUNT_MARKS = "SELECT count(*) FROM marks";

export const COUNT_STREAMS = "SELECT count(*) FROM streams";
