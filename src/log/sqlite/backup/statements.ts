/**
 * The SQL of backups: all that crosses from one database to another. The backup's own database is
 * `main`; the store's is attached as `source`, and what a later run copies ahead as `newer`.
 */

/** The databases that rows are copied to. */
export type Into = "main" | "newer";

export const ATTACH_SOURCE = "ATTACH ? AS source";
export const ATTACH_NEWER = "ATTACH ? AS newer";
export const DETACH_NEWER = "DETACH newer";

export const LAST_EVENT = "SELECT coalesce(max(position), -1) FROM main.events";
export const LAST_STREAM = "SELECT coalesce(max(id), -1) FROM main.streams";
export const SOURCE_LAST_EVENT = "SELECT coalesce(max(position), -1) FROM source.events";
export const SOURCE_LAST_STREAM = "SELECT coalesce(max(id), -1) FROM source.streams";
/** As SELECT_WAL_LENGTH. */
export const SOURCE_WAL_LENGTH = "PRAGMA source.wal_checkpoint(NOOP)";
/** Null where nothing was copied ahead. */
export const NEWER_LAST_EVENT = "SELECT max(position) FROM newer.events";
export const NEWER_LAST_STREAM = "SELECT max(id) FROM newer.streams";
export const NEWER_FIRST_EVENT = "SELECT min(position) FROM newer.events";
export const NEWER_HAS_ROWS = `
	SELECT EXISTS (SELECT 1 FROM newer.streams) OR EXISTS (SELECT 1 FROM newer.entries)`;

/** Whether the store holds the same event at a position. */
export const isSameEvent = (copy: Into): string => `
	SELECT EXISTS (SELECT 1 FROM ${copy}.events b JOIN source.events s USING (position)
		WHERE b.position = ? AND b.id = s.id AND b.created = s.created
			AND b.stream = s.stream AND b.version = s.version AND b.hash = s.hash)`;

/** These tables only grow, by their keys: what follows the last key is what is missing. */
export const copyEvents = (to: Into, from = "source"): string => `
	INSERT INTO ${to}.events SELECT * FROM ${from}.events
	WHERE position > ? ORDER BY position LIMIT 500`;
export const copyStreams = (to: Into, from = "source"): string => `
	INSERT INTO ${to}.streams SELECT * FROM ${from}.streams WHERE id > ? ORDER BY id LIMIT 5000`;

export const ENTRIES_AT_ONCE = 20_000;
/**
 * The first of the entries that streams of a range of ids have beyond ours: each stream's in order,
 * so what is there of a stream is the beginning of it.
 */
export const copyEntries = (to: Into): string => {
	const last = (copy: Into) => `(SELECT max(version) FROM ${copy}.entries WHERE stream = s.id)`;
	const known = to === "main" ? last("main") : `${last("newer")}, ${last("main")}`;
	return `
		INSERT INTO ${to}.entries
		SELECT n.stream, n.version, n.position
		FROM source.streams s CROSS JOIN source.entries n
			ON n.stream = s.id AND n.version > coalesce(${known}, -1)
		WHERE s.id BETWEEN ? AND ? ORDER BY s.id, n.version LIMIT ${ENTRIES_AT_ONCE}`;
};

/** What a later run copied ahead goes to the backup without a look at the store. */
export const MERGE_ENTRIES = `
	INSERT INTO main.entries SELECT * FROM newer.entries
	WHERE (stream, version) > (?, ?) ORDER BY stream, version LIMIT ${ENTRIES_AT_ONCE}`;
/** The key of the last row of that. */
export const MERGED_ENTRY = `
	SELECT stream, version FROM newer.entries
	WHERE (stream, version) > (?, ?) ORDER BY stream, version LIMIT 1 OFFSET ${ENTRIES_AT_ONCE - 1}`;

/**
 * What was erased since it was copied. Whatever is erased has its digests; that it is new shows in
 * the flags, and where metadata was taken later than data, in the metadata's length. SQLite reads
 * that from the row's header.
 */
export const BACKUP_ERASURES = `
	UPDATE main.events AS b SET flags = s.flags, data = s.data, metadata = s.metadata
	FROM source.events AS s
	WHERE b.position IN (SELECT position FROM source.digests WHERE position BETWEEN ? AND ?)
		AND s.position = b.position
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

/** How the tables that are copied ahead were made: `CREATE TABLE …`. */
export const TABLES_TO_FILL = `
	SELECT sql FROM main.sqlite_schema
	WHERE type = 'table' AND name IN ('events', 'streams', 'entries')`;

/** The first of these events that its hash does not fit; of what was erased only a part is left. */
export const BACKUP_DAMAGED = `
	SELECT e.position FROM main.events e LEFT JOIN main.streams s ON s.id = e.stream
	WHERE e.position BETWEEN ? AND ? AND (e.flags & 24) = 0 AND (s.name IS NULL OR e.hash <>
		leaf_hash(e.position, s.name, e.version, e.id, e.type, e.created, e.flags, e.data, e.metadata))
	LIMIT 1`;
