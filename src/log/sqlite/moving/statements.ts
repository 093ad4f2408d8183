/** The SQL of export and import, besides that of the engine. */

export const SELECT_STREAM_ID = "SELECT id FROM streams WHERE name = ?";

/** The places of a stream from the one on that has a version. */
export const SELECT_PLACES =
	"SELECT key, position FROM places WHERE stream = ? AND key >= ? ORDER BY key LIMIT ?";

/** The last erased event; -1 if nothing was erased. */
export const SELECT_LAST_ERASED = "SELECT coalesce(max(position), -1) FROM digests";

/**
 * The correlations of events whose metadata was erased, of the streams numbered from one to
 * another. Only the entries still know them.
 */
export const SELECT_CORRELATIONS = `
	SELECT d.position, substr(s.name, 5) AS correlation
	FROM streams s CROSS JOIN spans n ON n.stream = s.id
		CROSS JOIN digests d ON d.position BETWEEN n.position - n.more AND n.position
		CROSS JOIN events e ON e.position = d.position
	WHERE s.id BETWEEN ? AND ? AND substr(s.name, 1, 4) = '$bc-' AND length(e.metadata) = 0`;

export const INSERT_MOVED_DIGESTS =
	"INSERT INTO digests (position, data, metadata) VALUES (?, ?, ?)";

export const SELECT_HASH_AT = "SELECT hash FROM events WHERE position = ?";

export const SELECT_SCAVENGED_OF =
	"SELECT coalesce((SELECT scavenged FROM marks WHERE stream = ?), 0)";
