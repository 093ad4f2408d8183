/** The SQL of backups: all that crosses from one database to the other. */

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
