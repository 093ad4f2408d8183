/** The SQL of export and import, besides that of the engine. */

export const SELECT_STREAM_ID = "SELECT id FROM streams WHERE name = ?";

/** The positions of versions low to high of a stream. */
export const SELECT_POSITIONS = `
	SELECT position FROM entries WHERE stream = ? AND version BETWEEN ? AND ? ORDER BY version`;

/** The last erased event; -1 if nothing was erased. */
export const SELECT_LAST_ERASED = "SELECT coalesce(max(position), -1) FROM digests";

/**
 * The correlations of events whose metadata was erased, of the streams numbered from one to
 * another. Only the entries still know them.
 */
export const SELECT_CORRELATIONS = `
	SELECT n.position, substr(s.name, 5) AS correlation
	FROM streams s CROSS JOIN entries n ON n.stream = s.id
		CROSS JOIN digests d ON d.position = n.position
		CROSS JOIN events e ON e.position = d.position
	WHERE s.id BETWEEN ? AND ? AND substr(s.name, 1, 4) = '$bc-' AND length(e.metadata) = 0`;

export const INSERT_MOVED_DIGESTS =
	"INSERT INTO digests (position, data, metadata) VALUES (?, ?, ?)";

export const SELECT_HASH_AT = "SELECT hash FROM events WHERE position = ?";

export const SELECT_SCAVENGED_OF =
	"SELECT coalesce((SELECT scavenged FROM marks WHERE stream = ?), 0)";
