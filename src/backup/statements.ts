/**
 * The SQL of backups: all that crosses from one database to another. The backup's own database is
 * `main`; the database to copy is attached as `source`, and the rows copied ahead as `newer`.
 */
import { FLAGS_ERASED, LAST_POSITION, placeOf } from "../log/sqlite/copies.ts";

/** The databases that rows are copied to. */
export type CopyTarget = "main" | "newer";

export const ATTACH_SOURCE = "ATTACH ? AS source";
export const ATTACH_NEWER = "ATTACH ? AS newer";
export const DETACH_NEWER = "DETACH newer";

export const LAST_EVENT = "SELECT coalesce(max(position), -1) FROM main.events";
export const LAST_STREAM = "SELECT coalesce(max(id), -1) FROM main.streams";
export const SOURCE_LAST_EVENT = "SELECT coalesce(max(position), -1) FROM source.events";
export const SOURCE_LAST_STREAM = "SELECT coalesce(max(id), -1) FROM source.streams";
/** As SELECT_WAL_LENGTH. */
export const SOURCE_WAL_LENGTH = "PRAGMA source.wal_checkpoint(NOOP)";
/** Null if nothing was copied ahead. */
export const NEWER_LAST_EVENT = "SELECT max(position) FROM newer.events";
export const NEWER_LAST_STREAM = "SELECT max(id) FROM newer.streams";
export const NEWER_FIRST_EVENT = "SELECT min(position) FROM newer.events";
export const NEWER_HAS_ROWS = `
	SELECT EXISTS (SELECT 1 FROM newer.streams) OR EXISTS (SELECT 1 FROM newer.places)`;

/** Whether the source holds the same event at a position. */
export const isSameEvent = (copy: CopyTarget): string => `
	SELECT EXISTS (SELECT 1 FROM ${copy}.events b JOIN source.events s USING (position)
		WHERE b.position = ? AND b.id = s.id AND b.created = s.created
			AND b.stream = s.stream AND b.version = s.version AND b.hash = s.hash)`;

/** These tables only grow, by their keys: the missing rows follow the last key. */
export const copyEvents = (to: CopyTarget, from = "source"): string => `
	INSERT INTO ${to}.events SELECT * FROM ${from}.events
	WHERE position > ? ORDER BY position LIMIT 500`;
/** The keys of their ids; the source's are not read. In `newer` nobody looks for an id. */
export const ADD_IDS = `
	INSERT INTO main.places SELECT stream, id_key(id), position FROM main.events WHERE position > ?`;
export const copyStreams = (to: CopyTarget, from = "source"): string => `
	INSERT INTO ${to}.streams SELECT * FROM ${from}.streams WHERE id > ? ORDER BY id LIMIT 5000`;

/** Places of entries; one of them may be that of many. */
export const PLACES_AT_ONCE = 5000;
/**
 * The first of the entries that streams of a range of ids have beyond ours: each stream's in order,
 * so what is there of a stream is the beginning of it. Entries that share a place were committed
 * together, so a copy has all of them or none; but if the source was made by an import, it shares
 * them out as that came, and the first new place may have entries that are here already.
 */
export const newerEntries = (to: CopyTarget): string => {
	const last = (copy: CopyTarget) => `(SELECT max(key) FROM ${copy}.places WHERE stream = s.id)`;
	const lasts = to === "main" ? last("main") : `${last("newer")}, ${last("main")}`;
	const known = `max(coalesce(${lasts}, -1), -1)`;
	return `
		SELECT n.stream, n.key, iif(n.position < 0, ${placeOf("n", `n.key - ${known}`)}, n.position)
		FROM source.streams s CROSS JOIN source.places n ON n.stream = s.id AND n.key > ${known}
		WHERE s.id BETWEEN ? AND ? ORDER BY s.id, n.key LIMIT ${PLACES_AT_ONCE}`;
};

export const copyEntries = (to: CopyTarget): string =>
	`INSERT INTO ${to}.places ${newerEntries(to)}`;

/** The rows that a later run copied ahead go to the backup without a read of the source. */
export const MERGED_ENTRIES = `
	SELECT stream, key, position FROM newer.places
	WHERE (stream, key) > (?, ?) AND ${LAST_POSITION} < ?
	ORDER BY stream, key LIMIT ${PLACES_AT_ONCE}`;
export const MERGE_ENTRIES = `
	INSERT INTO main.places SELECT * FROM newer.places
	WHERE (stream, key) > (?, ?) AND (stream, key) <= (?, ?) AND ${LAST_POSITION} < ?
	ORDER BY stream, key`;

/**
 * What was erased since it was copied. Whatever is erased has its digests; that it is new shows in
 * the flags, and where metadata was taken later than data, in the metadata's length. SQLite reads
 * that from the row's header. What is left is what was copied: the store's may be damaged by now.
 */
export const BACKUP_ERASURES = `
	UPDATE main.events AS b SET flags = b.flags | (s.flags & ${FLAGS_ERASED}),
		data = iif(length(s.data) = 0, x'', b.data),
		metadata = iif(length(s.metadata) = 0, x'', b.metadata)
	FROM source.events AS s
	WHERE b.position IN (SELECT position FROM source.digests WHERE position BETWEEN ? AND ?)
		AND s.position = b.position AND (s.flags & ${FLAGS_ERASED}) > 0
		AND (s.flags <> b.flags OR length(s.metadata) <> length(b.metadata))`;

/** Whether the copy has all erasures of the source: both count them. */
export const HAS_ERASURES =
	"SELECT (SELECT erasures FROM main.store) = (SELECT erasures FROM source.store)";
/** Each erasure adds digests, and they never go: so their number tells of new ones. */
export const HAS_DIGESTS = `
	SELECT (SELECT count(*) FROM main.digests) = (SELECT count(*) FROM source.digests)`;
export const BACKUP_DIGESTS = `
	INSERT OR IGNORE INTO main.digests SELECT * FROM source.digests WHERE position BETWEEN ? AND ?
	RETURNING position`;

/** The nodes of a level, from one on and below another: they are never changed either. */
export const LAST_NODE = "SELECT coalesce(max(number), -1) FROM main.nodes WHERE level = ?";
export const COPY_NODES = `
	INSERT INTO main.nodes SELECT * FROM source.nodes
	WHERE level = ? AND number > ? AND number < ? ORDER BY number`;

export const BACKUP_STORE = "SELECT * FROM main.store";
export const SOURCE_STORE = "SELECT * FROM source.store";
export const IS_SAME_HISTORY =
	"SELECT (SELECT incarnation FROM main.store) = (SELECT incarnation FROM source.store)";
/** Our tables only: Litestream keeps tables of its own in the source. */
export const BACKUP_TABLES = `
	SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;
export const BACKUP_TRIGGERS = "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'";
export const replaceTable = (table: string): string =>
	`DELETE FROM main."${table}"; INSERT INTO main."${table}" SELECT * FROM source."${table}"`;

/** How the tables that are copied ahead were made: `CREATE TABLE …`. */
export const TABLES_TO_FILL = `
	SELECT sql FROM main.sqlite_schema
	WHERE type = 'table' AND name IN ('events', 'streams', 'places')`;

/** Streams of which the source has fewer or older marks than the backup. */
export const LOST_MARKS = `
	SELECT coalesce(name, '$all') FROM main.marks had
	LEFT JOIN source.marks has ON has.stream = had.stream LEFT JOIN main.streams ON id = had.stream
	WHERE had.metadata > coalesce(has.metadata, -1) OR had.tombstone > coalesce(has.tombstone, -1)
		OR had.link > coalesce(has.link, -1) OR had.scavenged > coalesce(has.scavenged, -1)
	LIMIT 100`;
