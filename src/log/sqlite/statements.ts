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
		metadata, tombstone, link, scavenged
	FROM streams LEFT JOIN marks ON marks.stream = id WHERE name = ?`;

/** Of `$all`, which has the number 0 here. */
export const SELECT_ALL = `
	SELECT 0 AS id, (SELECT max(position) FROM events) AS last,
		metadata, tombstone, link, scavenged
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

export const SELECT_CREATED_AT = `
	SELECT events.created FROM entries JOIN events USING (position)
	WHERE entries.stream = ? AND entries.version = ?`;

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

/** The events with an id, of the streams numbered from one to another: a look-up for each. */
export const SELECT_POSITIONS_OF_ID = `
	SELECT e.position FROM streams s CROSS JOIN events e ON e.stream = s.id AND e.id = ?
	WHERE s.id BETWEEN ? AND ?`;

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
/** The same of `$all`, which has no place for what was scavenged (16). */
const OF_ALL = "FROM events e WHERE e.position BETWEEN ? AND ? AND (e.flags & 16) = 0";

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

/** The run of scavenged positions that a position may be in: the last to begin at or before it. */
export const SELECT_GAP =
	"SELECT first, last, packed FROM gaps WHERE first <= ? ORDER BY first DESC LIMIT 1";

export const SELECT_ERASURES = "SELECT erasures FROM store";
export const RAISE_ERASURES = "UPDATE store SET erasures = erasures + 1 RETURNING erasures";

/**
 * Own streams that may hold something to scavenge, among a window of numbers: those with metadata
 * or a tombstone, and metadata streams.
 */
export const SELECT_MARKED_STREAMS = `
	SELECT id, name, (SELECT max(version) FROM entries WHERE stream = id) AS last,
		metadata, tombstone, link, scavenged
	FROM streams LEFT JOIN marks ON marks.stream = id
	WHERE id BETWEEN ? AND ?
		AND (metadata IS NOT NULL OR tombstone IS NOT NULL OR substr(name, 1, 2) = '$$')
	ORDER BY id`;

export const SELECT_LAST_STREAM = "SELECT coalesce(max(id), 0) FROM streams";

/** The next events of an own stream that a scavenge looks at. */
export const SELECT_TO_SCAVENGE = `
	SELECT e.position, e.version, e.created, length(e.data) + length(e.metadata) AS bytes
	FROM entries n CROSS JOIN events e ON e.position = n.position
	WHERE n.stream = ? AND n.version >= ?
	ORDER BY n.version LIMIT ?`;

/** What the hash of an event covers of its content, before that goes; once an event. */
export const INSERT_DIGESTS = `
	INSERT INTO digests (position, data, metadata)
	SELECT position, sha256(data), sha256(metadata) FROM events WHERE position = ?
	ON CONFLICT DO NOTHING`;

/** 16 is the flag of what was scavenged, 8 of what was redacted. */
export const SCAVENGE_EVENT =
	"UPDATE events SET flags = flags | 16, data = x'', metadata = x'' WHERE position = ?";
export const REDACT_DATA = "UPDATE events SET flags = flags | 8, data = x'' WHERE position = ?";
export const REDACT_WHOLE =
	"UPDATE events SET flags = flags | 8, data = x'', metadata = x'' WHERE position = ?";

export const SELECT_TO_REDACT = `
	SELECT e.position, e.type, e.flags, length(e.metadata) AS metadataBytes
	FROM entries n CROSS JOIN events e ON e.position = n.position
	WHERE n.stream = ? AND n.version = ?`;

export const MARK_SCAVENGED = `
	INSERT INTO marks (stream, scavenged) VALUES (?, ?)
	ON CONFLICT (stream) DO UPDATE SET scavenged = excluded.scavenged`;

export const DELETE_GAP = "DELETE FROM gaps WHERE first = ?";
export const INSERT_GAP = "INSERT INTO gaps (first, last, packed) VALUES (?, ?, ?)";

/** Gaps with room between what was packed and where packing ends: see `packing.ts`. */
export const SELECT_TO_PACK = `
	SELECT first, last, coalesce(packed, first - 1) AS packed FROM gaps
	WHERE first >= ? AND last - coalesce(packed, first - 1) > ?
	ORDER BY first LIMIT 1`;
export const MARK_PACKED = "UPDATE gaps SET packed = ? WHERE first = ?";

/**
 * Changes nothing, and moves the rows: an update that names the key deletes each row and inserts it
 * again, and on a delete SQLite joins a page that is nearly empty to its neighbours. An update that
 * does not name the key never does.
 */
export const PACK_EVENTS = "UPDATE events SET position = position WHERE position BETWEEN ? AND ?";

/** Erased events that still hold something. */
export const VERIFY_ERASED = `
	SELECT position FROM events
	WHERE (flags & 24) > 0 AND (length(data) > 0 OR ((flags & 16) > 0 AND length(metadata) > 0))
	LIMIT 100`;
/** Runs that overlap or touch the one before. */
export const VERIFY_GAPS = `
	SELECT first FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM gaps)
	WHERE first <= before + 1 LIMIT 100`;
export const COUNT_SCAVENGED = `
	SELECT (SELECT count(*) FROM events WHERE (flags & 16) > 0) AS events,
		(SELECT coalesce(sum(last - first + 1), 0) FROM gaps) AS positions,
		(SELECT count(*) FROM gaps CROSS JOIN events ON position BETWEEN first AND last
			WHERE (flags & 16) > 0) AS both`;

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
	SELECT metadata, tombstone, link, scavenged FROM marks
	WHERE stream = coalesce((SELECT id FROM streams WHERE name = ?), 0)`;

export const COUNT_MARKS = "SELECT count(*) FROM marks";

export const COUNT_STREAMS = "SELECT count(*) FROM streams";

/** For backups: the backup's own database is `main`, and the store's is attached as `source`. */
export const ATTACH_SOURCE = "ATTACH ? AS source";

export const BACKUP_LAST_EVENT = "SELECT coalesce(max(position), -1) FROM main.events";
export const BACKUP_LAST_STREAM = "SELECT coalesce(max(id), -1) FROM main.streams";
export const BACKUP_LAST_ENTRY =
	"SELECT stream, version FROM main.entries ORDER BY stream DESC, version DESC LIMIT 1";
export const SOURCE_LAST_EVENT = "SELECT coalesce(max(position), -1) FROM source.events";
export const SOURCE_LAST_STREAM = "SELECT coalesce(max(id), -1) FROM source.streams";

/** Whether both hold the same event at a position. */
export const BACKUP_IS_SAME_EVENT = `
	SELECT EXISTS (SELECT 1 FROM main.events b JOIN source.events s USING (position)
		WHERE b.position = ? AND b.id = s.id AND b.created = s.created
			AND b.stream = s.stream AND b.version = s.version AND b.hash = s.hash)`;

/** These three tables only grow, by their keys: what follows the last key is what is missing. */
export const BACKUP_EVENTS = `
	INSERT INTO main.events SELECT * FROM source.events
	WHERE position > ? ORDER BY position LIMIT 500`;
export const BACKUP_STREAMS = `
	INSERT INTO main.streams SELECT * FROM source.streams WHERE id > ? ORDER BY id LIMIT 5000`;
/** All the entries there are, in the order of their key: for the bulk of a first copy. */
export const BACKUP_ENTRIES = `
	INSERT INTO main.entries SELECT * FROM source.entries
	WHERE (stream, version) > (?, ?) ORDER BY stream, version LIMIT 20000`;
/** The entries that streams of a range of ids have beyond ours. */
export const BACKUP_NEWER_ENTRIES = `
	INSERT INTO main.entries
	SELECT n.stream, n.version, n.position
	FROM source.streams s CROSS JOIN source.entries n ON n.stream = s.id AND n.version >
		coalesce((SELECT max(version) FROM main.entries WHERE stream = s.id), -1)
	WHERE s.id BETWEEN ? AND ?`;

/**
 * What was erased since it was copied: it shows in the flags, and where metadata was taken later
 * than data, in the metadata's length. SQLite reads that from the row's header.
 */
export const BACKUP_ERASURES = `
	UPDATE main.events AS b SET flags = s.flags, data = s.data, metadata = s.metadata
	FROM source.events AS s
	WHERE b.position BETWEEN ? AND ? AND s.position = b.position
		AND (s.flags <> b.flags OR length(s.metadata) <> length(b.metadata))`;

/** Digests are added where something was erased, and never go: their number tells of new ones. */
export const BACKUP_HAS_DIGESTS = `
	SELECT (SELECT count(*) FROM main.digests) = (SELECT count(*) FROM source.digests)`;
export const BACKUP_DIGESTS = `
	INSERT OR IGNORE INTO main.digests SELECT * FROM source.digests WHERE position BETWEEN ? AND ?`;

export const BACKUP_STORE = "SELECT * FROM main.store";
export const SOURCE_STORE = "SELECT * FROM source.store";
/** Those of ours: Litestream keeps tables of its own in the store. */
export const BACKUP_TABLES = `
	SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;
export const BACKUP_TRIGGERS = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'";
export const replaceTable = (table: string): string =>
	`DELETE FROM main."${table}"; INSERT INTO main."${table}" SELECT * FROM source."${table}"`;
