/**
 * The SQL of the SQLite engine; that of backups and of `verify` lies beside them. Each statement is
 * prepared once a connection.
 */
import { FLAG_REDACTED, FLAG_SCAVENGED, FLAG_TOMBSTONE } from "../appending/flags.ts";

export const BEGIN_WRITE = "BEGIN IMMEDIATE";
/** Deferred: the snapshot is taken by the first read after it. */
export const BEGIN_READ = "BEGIN";
export const COMMIT = "COMMIT";
export const ROLLBACK = "ROLLBACK";

/** Waits for no reader: pages of the WAL that a reader needs stay there until the next one. */
export const CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)";
/** Whether it was busy, the pages of the WAL, and how many of them were copied; copies none. */
export const SELECT_WAL_LENGTH = "PRAGMA wal_checkpoint(NOOP)";

export const SELECT_INCARNATION = "SELECT incarnation FROM store";
export const UPDATE_INCARNATION = "UPDATE store SET incarnation = ?";
/** The history begins with the next event. */
export const INSERT_HISTORY = `
	INSERT INTO histories SELECT ?, coalesce((SELECT max(position) + 1 FROM events), 0)`;
export const SELECT_HISTORIES =
	"SELECT incarnation, first FROM histories ORDER BY incarnation DESC";

/** The end of the log. `created` of the last event is the floor for that of the next. */
export const SELECT_END = "SELECT position, created FROM events ORDER BY position DESC LIMIT 1";
/** The same, and the event before it. */
export const SELECT_LAST_TWO =
	"SELECT position, created FROM events ORDER BY position DESC LIMIT 2";

export const SELECT_SIZE = "SELECT coalesce(max(position), -1) + 1 FROM events";
/** The same by the entries: positions rise in every stream, so one look-up for each will do. */
export const SELECT_SIZE_BY_STREAMS = `
	SELECT 1 + max((SELECT position FROM spans WHERE stream = id ORDER BY version DESC LIMIT 1))
	FROM streams`;

const MARKS = "metadata, tombstone, link, scavenged";

/**
 * What the log itself says of the marks of `s`, see `streams/rows.ts`: the newest event of its
 * metadata stream, and whether its own newest, `n`, is a tombstone. The tombstone is looked
 * for only if the log has any.
 */
const PROOF = `
	(SELECT position FROM spans WHERE stream = (SELECT id FROM streams WHERE name = '$$' || s.name)
		ORDER BY version DESC LIMIT 1) AS described,
	iif(EXISTS (SELECT 1 FROM streams WHERE name = '$et-$streamDeleted'),
		(SELECT stream = s.id AND (flags & ${FLAG_TOMBSTONE}) > 0 FROM events
			WHERE position = n.position),
		0) AS ended`;

/**
 * A stream's number, its last version, where that stands in the log, and its marks. Every named
 * stream has entries: both are written together.
 */
const ROW = `SELECT s.id, n.version AS last, n.position AS newest, ${MARKS}`;
const OF_NAME = `
	FROM streams s LEFT JOIN spans n ON n.stream = s.id LEFT JOIN marks ON marks.stream = s.id
	WHERE s.name = ? ORDER BY n.version DESC LIMIT 1`;
export const SELECT_STREAM = `${ROW}, ${PROOF} ${OF_NAME}`;
export const SELECT_STREAM_UNPROVEN = `${ROW} ${OF_NAME}`;

/** Of `$all`, which has the number 0 here; its last position may be given. */
export const SELECT_ALL = `
	SELECT 0 AS id, coalesce(?, (SELECT max(position) FROM events)) AS last, NULL AS newest,
		${MARKS}
	FROM (SELECT 1) LEFT JOIN marks ON marks.stream = 0`;

/** The own streams of a window that may have events to scavenge. */
export const SELECT_MARKED_STREAMS = `
	SELECT id, name FROM streams LEFT JOIN marks ON marks.stream = id WHERE id BETWEEN ? AND ?
		AND (metadata IS NOT NULL OR tombstone IS NOT NULL OR substr(name, 1, 2) = '$$')
	ORDER BY id`;

/** Whether any metadata was ever written. */
export const SELECT_HAS_METADATA =
	"SELECT EXISTS (SELECT 1 FROM streams WHERE name >= '$$' AND name < '$%')";

/** Whether any stream is more than its entries; metadata may be there before its stream is. */
export const SELECT_IS_ANY_MARKED = `
	SELECT EXISTS (SELECT 1 FROM marks) OR (${SELECT_HAS_METADATA})
		OR EXISTS (SELECT 1 FROM streams WHERE name = '$et-$streamDeleted')`;

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

/** Where a version of a stream stands: the first span that ends with it or behind it has it. */
export const SELECT_POSITION_AT = `
	SELECT iif(version - more <= @version, position - CAST(version - @version AS INTEGER), NULL)
	FROM spans WHERE stream = @stream AND version >= @version ORDER BY version LIMIT 1`;

export const SELECT_CREATED_AT = `SELECT created FROM events WHERE position = (${SELECT_POSITION_AT})`;

export const SELECT_STREAM_NAME = "SELECT name FROM streams WHERE id = ?";

export const SELECT_NAMES =
	"SELECT name FROM streams WHERE name >= ? AND name < ? ORDER BY name LIMIT ?";

/** The events of a stream from one version to another, of spans `n`. */
export const OF_SPANS = `
	FROM spans n CROSS JOIN events e
		ON e.position BETWEEN n.position - min(n.more, n.version - CAST(@from AS INTEGER))
			AND n.position - max(n.version - CAST(@to AS INTEGER), 0)
	WHERE n.stream = @stream AND n.version >= @from AND n.version <= coalesce(
		(SELECT key FROM places WHERE stream = @stream AND key >= @to ORDER BY key LIMIT 1), @to)`;

/** SQLite reads the length of a blob from the row's header, and not the blob. */
export const SELECT_BYTES = `SELECT coalesce(sum(length(e.data) + length(e.metadata)), 0) ${OF_SPANS}`;

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

/** A place of an event: by its version, or by the key of its id; see `ids/keys.ts`. */
export const INSERT_PLACE = "INSERT INTO places (stream, key, position) VALUES (?, ?, ?)";

/** Whether a stream has a place with a key or a higher one. */
export const SELECT_HAS_PLACES =
	"SELECT EXISTS (SELECT 1 FROM places WHERE stream = ? AND key >= ?)";

/** The place of a span: see `spans.ts`. */
export const INSERT_SPAN =
	"INSERT INTO places (stream, key, position) VALUES (?, ?, -(? << 12 | ?))";

/**
 * The events of a stream whose ids have a key, the earliest first, and whether each has the id. A
 * version of null says that the event is missing.
 */
export const SELECT_VERSIONS_OF_ID = `
	SELECT e.version, e.id = ? FROM places p LEFT JOIN events e ON e.position = p.position
	WHERE p.stream = ? AND p.key = ? ORDER BY p.position`;

/** The same of the streams numbered from one to another, with positions: a look-up for each. */
export const SELECT_POSITIONS_OF_ID = `
	SELECT e.position, e.id = ?
	FROM streams s CROSS JOIN places p ON p.stream = s.id AND p.key = ?
		LEFT JOIN events e ON e.position = p.position
	WHERE s.id BETWEEN ? AND ?`;

export const SELECT_IS_AT = `SELECT id = @id FROM events WHERE position = (${SELECT_POSITION_AT})`;

/** The gap of scavenged positions that a position may be in: the last to begin at or before it. */
export const SELECT_GAP =
	"SELECT first, last, packed FROM gaps WHERE first <= ? ORDER BY first DESC LIMIT 1";
/** How many positions from the one to the other were scavenged. */
export const SELECT_SCAVENGED = `
	SELECT coalesce(sum(min(last, @high) - max(first, @low) + 1), 0) FROM gaps WHERE last >= @low
		AND first BETWEEN coalesce((SELECT max(first) FROM gaps WHERE first <= @low), @low) AND @high`;

export const SELECT_ERASURES = "SELECT erasures FROM store";
export const RAISE_ERASURES = "UPDATE store SET erasures = erasures + 1 RETURNING erasures";

export const SELECT_LAST_STREAM = "SELECT coalesce(max(id), 0) FROM streams";

/** The next events of an own stream that a scavenge looks at. */
export const SELECT_TO_SCAVENGE = `
	SELECT e.position, e.version, e.created, e.flags, length(e.data) + length(e.metadata) AS bytes
	FROM spans n CROSS JOIN events e
		ON e.position BETWEEN n.position - min(n.more, n.version - @from) AND n.position
	WHERE n.stream = @stream AND n.version >= @from
	ORDER BY n.version, n.place, e.position LIMIT @limit`;

/** Keeps the digests that the hash of an event covers, before its content goes; once an event. */
export const INSERT_DIGESTS = `
	INSERT INTO digests (position, data, metadata)
	SELECT position, sha256(data), sha256(metadata) FROM events WHERE position = ?
	ON CONFLICT DO NOTHING`;

export const SCAVENGE_EVENT = `
	UPDATE events SET flags = flags | ${FLAG_SCAVENGED}, data = x'', metadata = x''
	WHERE position = ?`;
export const REDACT_DATA = `
	UPDATE events SET flags = flags | ${FLAG_REDACTED}, data = x'' WHERE position = ?`;
export const REDACT_WHOLE = `
	UPDATE events SET flags = flags | ${FLAG_REDACTED}, data = x'', metadata = x''
	WHERE position = ?`;

export const SELECT_TO_REDACT = `
	SELECT position, type, flags, length(metadata) AS metadataBytes
	FROM events WHERE position = (${SELECT_POSITION_AT})`;

export const MARK_SCAVENGED = `
	INSERT INTO marks (stream, scavenged) VALUES (?, ?)
	ON CONFLICT (stream) DO UPDATE SET scavenged = excluded.scavenged`;

export const DELETE_GAP = "DELETE FROM gaps WHERE first = ?";
export const INSERT_GAP = "INSERT INTO gaps (first, last, packed) VALUES (?, ?, ?)";

/** Gaps with room between their packed part and the end of packing: see `packing.ts`. */
export const SELECT_TO_PACK = `
	SELECT first, last, coalesce(packed, first - 1) AS packed FROM gaps
	WHERE first >= ? AND last - coalesce(packed, first - 1) > ? ORDER BY first LIMIT 1`;
export const MARK_PACKED = "UPDATE gaps SET packed = ? WHERE first = ?";

/**
 * Changes nothing, and moves the rows: an update that names the key deletes and inserts each, and
 * on a delete, as on no other update, SQLite joins a page that is nearly empty to its neighbours.
 */
export const PACK_EVENTS = "UPDATE events SET position = position WHERE position BETWEEN ? AND ?";
