/** The SQL of `verify`: what there must be, by what is in the log, against what there is. */
import { FLAG_SCAVENGED, FLAG_TOMBSTONE } from "../../appending/flags.ts";

/** Events from $1 up to $2 with all that is stored of them, the first of them up to $3 bytes. */
export const SELECT_STORED = `
	SELECT e.position, s.name AS stream, e.version, e.id, e.type, e.created, e.flags, e.hash,
		e.data, e.metadata, d.data AS "dataDigest", d.metadata AS "metadataDigest"
	FROM (SELECT *, sum(length(data) + length(metadata)) OVER (ORDER BY position)
				- length(data) - length(metadata) AS before
			FROM @events WHERE position >= $1 AND position < $2) e
		LEFT JOIN @streams s ON s.id = e.stream LEFT JOIN @digests d ON d.position = e.position
	WHERE e.before < $3 ORDER BY e.position`;

/** Versions from $2 up to $3 of stream $1 with all that is stored of them, up to $4 bytes. */
export const SELECT_STORED_OF = `
	SELECT e.position, s.name AS stream, e.version, e.id, e.type, e.created, e.flags, e.hash,
		e.data, e.metadata, d.data AS "dataDigest", d.metadata AS "metadataDigest"
	FROM (SELECT v.*, sum(length(v.data) + length(v.metadata)) OVER (ORDER BY n.version)
				- length(v.data) - length(v.metadata) AS before
			FROM @entries n JOIN @events v ON v.position = n.position
			WHERE n.stream = $1 AND n.version >= $2 AND n.version < $3) e
		LEFT JOIN @streams s ON s.id = e.stream LEFT JOIN @digests d ON d.position = e.position
	WHERE e.before < $4 ORDER BY e.version`;

/** The entries behind one, stream by stream, and how many events there are by then. */
export const SELECT_ENTRIES = `
	SELECT n.stream, s.name, n.version, n.position, o.next
	FROM (SELECT stream, version, position FROM @entries WHERE (stream, version) > ($1, $2)
			ORDER BY stream, version LIMIT $3) n
		CROSS JOIN @store o LEFT JOIN @streams s ON s.id = n.stream
	ORDER BY n.stream, n.version`;
export const SELECT_ALL_NODES = `
	SELECT level, number, hash FROM @nodes WHERE level >= 1 AND (level, number) > ($1, $2)
	ORDER BY level, number LIMIT $3`;

/** Erased events that have no metadata left. */
export const SELECT_UNPROVEN = `
	SELECT d.position FROM @digests d JOIN @events e ON e.position = d.position
	WHERE length(e.metadata) = 0 AND d.position > $1 ORDER BY d.position LIMIT $2`;

export const COUNT_EVENTS = `
	SELECT (SELECT next FROM @store) AS next, count(*) AS events, min(position) AS first,
		max(position) AS last FROM @events WHERE position < (SELECT next FROM @store)`;
/** Streams that have a name and no entries. */
export const EMPTY_STREAMS = `
	SELECT name FROM @streams s
	WHERE NOT EXISTS (SELECT 1 FROM @entries WHERE stream = s.id) LIMIT 100`;

const NEWEST = (stream: string) =>
	`(SELECT position FROM @entries WHERE stream = ${stream} ORDER BY version DESC LIMIT 1)`;

/** Streams whose marks are not what the events say. */
export const WRONG_MARKS = `
	SELECT s.name FROM @streams s LEFT JOIN @marks m ON m.stream = s.id
		LEFT JOIN @streams d ON d.name = '$$' || s.name
	WHERE m.metadata IS DISTINCT FROM ${NEWEST("d.id")}
		OR (m.tombstone IS NOT NULL) IS DISTINCT FROM
			coalesce((SELECT (flags & ${FLAG_TOMBSTONE}) > 0 AND stream = s.id FROM @events
				WHERE position = ${NEWEST("s.id")}), false)
	LIMIT 100`;

export const WRONG_GAPS = `
	SELECT first FROM (SELECT first, lag(last) OVER (ORDER BY first) AS before FROM @gaps) g
	WHERE first <= before + 1 LIMIT 100`;
export const COUNT_SCAVENGED = `
	SELECT (SELECT count(*) FROM @events WHERE (flags & ${FLAG_SCAVENGED}) > 0) AS events,
		(SELECT coalesce(sum(last - first + 1), 0)::bigint FROM @gaps) AS positions,
		(SELECT count(*) FROM @gaps JOIN @events ON position BETWEEN first AND last
			WHERE (flags & ${FLAG_SCAVENGED}) > 0) AS both`;
/** Streams of which an event was scavenged that the marks do not have, or the other way round. */
export const WRONG_SCAVENGED = `
	SELECT s.name FROM @marks m JOIN @streams s ON s.id = m.stream
	WHERE m.scavenged > 0 AND EXISTS (
			SELECT 1 FROM @entries n JOIN @events e ON e.position = n.position
			WHERE n.stream = m.stream AND n.version < m.scavenged
				AND (e.flags & ${FLAG_SCAVENGED}) = 0)
	LIMIT 100`;
