/** The SQL of erasing; each runs in a transaction that has taken the end of the log. */
import { FLAG_REDACTED, FLAG_SCAVENGED } from "../../appending/flags.ts";

export const SELECT_TO_REDACT = `
	SELECT s.id, (SELECT max(version) FROM @entries WHERE stream = s.id) AS last,
		e.position, e.type, e.flags, length(e.metadata) AS "metadataBytes"
	FROM @streams s LEFT JOIN @entries n ON n.stream = s.id AND n.version = $2
		LEFT JOIN @events e ON e.position = n.position
	WHERE s.name = $1`;

/** Keeps the digests that the hash of an event covers, before its content goes; once an event. */
export const INSERT_DIGESTS = `
	INSERT INTO @digests (position, data, metadata)
	SELECT position, sha256(data), sha256(metadata) FROM @events WHERE position = ANY ($1::bigint[])
	ON CONFLICT DO NOTHING`;

export const REDACT_DATA = `
	UPDATE @events SET flags = flags | ${FLAG_REDACTED}::smallint, data = ''
	WHERE position = ANY ($1::bigint[])`;
export const REDACT_WHOLE = `
	UPDATE @events SET flags = flags | ${FLAG_REDACTED}::smallint, data = '', metadata = ''
	WHERE position = ANY ($1::bigint[])`;
export const SCAVENGE_EVENTS = `
	UPDATE @events SET flags = flags | ${FLAG_SCAVENGED}::smallint, data = '', metadata = ''
	WHERE position = ANY ($1::bigint[])`;

export const RAISE_ERASURES = "UPDATE @store SET erasures = $1";
export const INSERT_ERASURE = "INSERT INTO @erasures (number, streams) VALUES ($1, $2::bigint[])";

/** The own streams of a window that may have events to scavenge. */
export const SELECT_MARKED_STREAMS = `
	SELECT s.id, s.name FROM @streams s LEFT JOIN @marks m ON m.stream = s.id
	WHERE s.id BETWEEN $1 AND $2
		AND (m.metadata IS NOT NULL OR m.tombstone IS NOT NULL OR starts_with(s.name, '$$'))
	ORDER BY s.id`;

/** The next events of an own stream that a scavenge looks at. */
export const SELECT_TO_SCAVENGE = `
	SELECT e.position, e.version, e.created, e.flags, length(e.data) + length(e.metadata) AS bytes
	FROM @entries n JOIN @events e ON e.position = n.position
	WHERE n.stream = $1 AND n.version >= $2 ORDER BY n.version LIMIT $3`;

export const MARK_SCAVENGED = `
	INSERT INTO @marks (stream, scavenged) VALUES ($1, $2)
	ON CONFLICT (stream) DO UPDATE SET scavenged = excluded.scavenged`;

/** Takes the gaps out that end before one of $1, or begin behind one of $2. */
export const TAKE_GAPS = `
	DELETE FROM @gaps WHERE last + 1 = ANY ($1::bigint[]) OR first - 1 = ANY ($2::bigint[])
	RETURNING first, last`;
export const INSERT_GAPS =
	"INSERT INTO @gaps (first, last) SELECT * FROM unnest($1::bigint[], $2::bigint[])";
