/** The SQL of export and import, besides that of the engine. */

export const SELECT_STREAM_ID = "SELECT id FROM @streams WHERE name = $1";

/** What was erased, and moved in erased, by now. */
export const SELECT_ERASED_BY_NOW =
	"SELECT (SELECT erasures FROM @store) AS erasures, max(position) AS last FROM @digests";

/**
 * The correlations of events whose metadata was erased, of the streams numbered from $1 to $2. Only
 * the entries still know them.
 */
export const SELECT_CORRELATIONS = `
	SELECT n.position, substr(s.name, 5) AS correlation
	FROM @streams s JOIN @entries n ON n.stream = s.id JOIN @digests d ON d.position = n.position
		JOIN @events e ON e.position = d.position
	WHERE s.id BETWEEN $1 AND $2 AND starts_with(s.name, '$bc-') AND length(e.metadata) = 0`;

/** $2 and $3 are the digests of data and of metadata, side by side. */
export const INSERT_MOVED_DIGESTS = `
	INSERT INTO @digests (position, data, metadata)
	SELECT position, substring($2::bytea FROM 32 * n::int - 31 FOR 32),
		substring($3::bytea FROM 32 * n::int - 31 FOR 32)
	FROM unnest($1::bigint[]) WITH ORDINALITY AS o (position, n)`;

export const RAISE_INCARNATION = "UPDATE @store SET incarnation = $1";
export const INSERT_HISTORY = "INSERT INTO @histories (incarnation, first) VALUES ($1, $2)";
