/**
 * The SQL of `verify`: what there must be, by what is in the log, against what there is. Most of it
 * reads whole tables.
 */
import { FLAG_SCAVENGED, FLAG_TOMBSTONE } from "../../../appending/flags.ts";

/** Events that change the marks of their stream. */
const FLAGS_MARKING = FLAG_TOMBSTONE | FLAG_SCAVENGED;

/** Gaps that overlap or touch the one before. */
export const VERIFY_GAPS = `
	SELECT first FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM gaps)
	WHERE first <= before + 1 LIMIT 100`;
export const COUNT_SCAVENGED = `
	SELECT (SELECT count(*) FROM events WHERE (flags & ${FLAG_SCAVENGED}) > 0) AS events,
		(SELECT coalesce(sum(last - first + 1), 0) FROM gaps) AS positions,
		(SELECT count(*) FROM gaps CROSS JOIN events ON position BETWEEN first AND last
			WHERE (flags & ${FLAG_SCAVENGED}) > 0) AS both`;

export const VERIFY_POSITIONS =
	"SELECT count(*) AS events, min(position) AS first, max(position) AS last FROM events";

/** The events of a span, and all their bytes as one value. */
export const VERIFY_HEADS = `
	SELECT position, stream, version, type, created, flags,
		length(id), length(hash), length(data), length(metadata)
	FROM events WHERE position >= ? AND position < ? ORDER BY position`;
export const VERIFY_BYTES = `
	SELECT CAST(group_concat(bytes, '') AS BLOB) FROM (
		SELECT id || hash || data || metadata AS bytes FROM events
		WHERE position >= ? AND position < ? ORDER BY position)`;
export const VERIFY_EVENT = "SELECT flags, id, hash, data, metadata FROM events WHERE position = ?";
export const VERIFY_DIGESTS = "SELECT data, metadata FROM digests WHERE position = ?";
/** Erased events that have no metadata left. */
export const VERIFY_UNPROVEN = `
	SELECT d.position FROM digests d CROSS JOIN events e ON e.position = d.position
	WHERE length(e.metadata) = 0 ORDER BY d.position`;

/** The places behind one, stream by stream: the keys of its ids, then its entries. */
export const VERIFY_PLACES = `
	SELECT stream, key, position FROM places WHERE (stream, key, position) > (?, ?, ?)
	ORDER BY stream, key, position LIMIT ?`;

/** The version of the last entry of a stream; -1 if it has none. */
export const LAST_VERSION = "SELECT max(coalesce(max(key), -1), -1) FROM places WHERE stream = ?";

/** Streams behind one that have no entries. */
export const EMPTY_STREAMS = `
	SELECT name FROM streams WHERE id > ?
		AND NOT EXISTS (SELECT 1 FROM places WHERE stream = streams.id AND key >= 0) LIMIT 100`;

/** The marks that must exist, according to the events; 0 stands for `$all`. */
const VERIFY_MARKS_OWED = `
	SELECT stream, max(metadata), max(tombstone), max(link), max(scavenged) FROM (
		SELECT described.id AS stream,
			(SELECT position FROM spans WHERE stream = own.id ORDER BY version DESC LIMIT 1)
				AS metadata,
			NULL AS tombstone, NULL AS link, NULL AS scavenged
		FROM streams own JOIN
			(SELECT id, name FROM streams UNION ALL SELECT 0, '$all') described
			ON described.name = substr(own.name, 3)
		WHERE own.name >= '$$' AND own.name < '$%'
		UNION ALL SELECT stream, NULL, iif(flags & ${FLAG_TOMBSTONE}, position, NULL),
			iif(type = '$>', position, NULL), iif(flags & ${FLAG_SCAVENGED}, version + 1, NULL)
		FROM events WHERE (flags & ${FLAGS_MARKING}) > 0 OR type = '$>'
		UNION ALL SELECT 0, NULL, NULL, position, NULL FROM events WHERE type = '$>'
	) GROUP BY stream`;
const VERIFY_MARKS_NOTED = "SELECT stream, metadata, tombstone, link, scavenged FROM marks";

/** The streams whose marks are not what they must be. */
export const VERIFY_MARKS = `
	WITH noted AS (${VERIFY_MARKS_NOTED}), owed AS MATERIALIZED (${VERIFY_MARKS_OWED})
	SELECT coalesce(name, iif(stream = 0, '$all', 'stream ' || stream)) FROM (
		SELECT * FROM (SELECT * FROM noted EXCEPT SELECT * FROM owed)
		UNION SELECT * FROM (SELECT * FROM owed EXCEPT SELECT * FROM noted)
	) LEFT JOIN streams ON streams.id = stream GROUP BY stream LIMIT 100`;

export const VERIFY_TOMBSTONES = `
	SELECT coalesce(name, 'stream ' || e.stream) FROM events e LEFT JOIN streams s ON s.id = e.stream
	WHERE (e.flags & ${FLAG_TOMBSTONE}) > 0
		AND EXISTS (SELECT 1 FROM places n WHERE n.stream = e.stream AND n.key > e.version)
	LIMIT 100`;

/** Streams of which an event was scavenged, and one before it was not. */
export const VERIFY_SCAVENGED = `
	SELECT coalesce(name, 'stream ' || stream) FROM (
		SELECT stream FROM events NOT INDEXED WHERE (flags & ${FLAG_SCAVENGED}) > 0
		GROUP BY stream HAVING count(*) <> max(version) + 1
	) LEFT JOIN streams ON streams.id = stream LIMIT 100`;
