/** All the SQL of the SQLite engine. Each statement is prepared once a connection. */

export const BEGIN_WRITE = "BEGIN IMMEDIATE";
/** Deferred: the snapshot is taken by the first read after it. */
export const BEGIN_READ = "BEGIN";
export const COMMIT = "COMMIT";
export const ROLLBACK = "ROLLBACK";

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

export const VERIFY_SIZE = "SELECT coalesce(max(position), -1) + 1 FROM events";
export const VERIFY_POSITIONS =
	"SELECT count(*) AS events, min(position) AS first, max(position) AS last FROM events";

/** For `verify`: what is in a run of events, and all their bytes as one value. */
export const VERIFY_HEADS = `
	SELECT position, stream, version, type, created, flags,
		length(id), length(hash), length(data), length(metadata)
	FROM events WHERE position >= ? AND position < ? ORDER BY position`;
export const VERIFY_BYTES = `
	SELECT CAST(group_concat(bytes, '') AS BLOB) FROM (
		SELECT id || hash || data || metadata AS bytes FROM events
		WHERE position >= ? AND position < ? ORDER BY position)`;
export const VERIFY_EVENT = "SELECT id, hash, data, metadata FROM events WHERE position = ?";
export const VERIFY_DIGESTS = "SELECT data, metadata FROM digests WHERE position = ?";
export const VERIFY_ERASED = `
	SELECT d.position FROM digests d CROSS JOIN events e ON e.position = d.position
	WHERE length(e.metadata) = 0 ORDER BY d.position`;

/** The entries behind one, stream by stream. */
export const VERIFY_ENTRIES = `
	SELECT stream, version, position FROM entries WHERE (stream, version) > (?, ?)
	ORDER BY stream, version LIMIT ?`;

export const VERIFY_EMPTY_STREAMS = `
	SELECT name FROM streams WHERE NOT EXISTS (SELECT 1 FROM entries WHERE stream = streams.id)
	LIMIT 100`;

/** The marks there must be, by what is in the log; 0 stands for `$all`. */
const VERIFY_MARKS_OWED = `
	SELECT stream, max(metadata), max(tombstone), max(link) FROM (
		SELECT described.id AS stream,
			(SELECT position FROM entries WHERE stream = own.id ORDER BY version DESC LIMIT 1)
				AS metadata,
			NULL AS tombstone, NULL AS link
		FROM streams own JOIN
			(SELECT id, name FROM streams UNION ALL SELECT 0, '$all') described
			ON described.name = substr(own.name, 3)
		WHERE own.name >= '$$' AND own.name < '$%'
		UNION ALL SELECT stream, NULL, position, NULL FROM events WHERE (flags & 2) > 0
		UNION ALL SELECT stream, NULL, NULL, position FROM events WHERE type = '$>'
		UNION ALL SELECT 0, NULL, NULL, position FROM events WHERE type = '$>'
	) GROUP BY stream`;
const VERIFY_MARKS_NOTED = "SELECT stream, metadata, tombstone, link FROM marks";

/** The streams whose marks are not what they must be. */
export const VERIFY_MARKS = `
	SELECT coalesce(name, iif(stream = 0, '$all', 'stream ' || stream)) FROM (
		SELECT * FROM (${VERIFY_MARKS_NOTED} EXCEPT ${VERIFY_MARKS_OWED})
		UNION SELECT * FROM (${VERIFY_MARKS_OWED} EXCEPT ${VERIFY_MARKS_NOTED})
	) LEFT JOIN streams ON streams.id = stream GROUP BY stream LIMIT 100`;

/** Streams that go on behind their tombstone. */
export const VERIFY_TOMBSTONES = `
	SELECT coalesce(name, 'stream ' || e.stream) FROM events e LEFT JOIN streams s ON s.id = e.stream
	WHERE (e.flags & 2) > 0
		AND EXISTS (SELECT 1 FROM entries n WHERE n.stream = e.stream AND n.version > e.version)
	LIMIT 100`;
