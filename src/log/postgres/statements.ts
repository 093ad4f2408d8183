/**
 * The SQL of the PostgreSQL engine; that of following, erasing, moving and verifying lies
 * beside it. `@` stands for the schema of the log. Arrays come in as text, and content as one block
 * with the lengths of its parts: that costs the driver least.
 *
 * Each statement is one snapshot (READ COMMITTED). What the log holds never changes but by erasure,
 * so two statements agree if the number of erasures is the same in both.
 */

/** What a transaction reads of the settings in force. */
export const GUARDS = `
	current_setting('synchronous_commit') AS commits,
	current_setting('synchronous_standby_names') AS standbys,
	current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages`;

export const BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED";
export const BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
export const COMMIT = "COMMIT";
export const ROLLBACK = "ROLLBACK";

/**
 * Takes the end of the log until the transaction ends. It is a statement of its own: the next one
 * gets a snapshot that has all commits before.
 */
export const TAKE_END = `
	SELECT next, created, streams, incarnation, erasures, edge, ${GUARDS}
	FROM @store FOR NO KEY UPDATE`;
/** Who leads, in a transaction that has taken the end of the log. */
export const SELECT_EPOCH = "SELECT epoch FROM @leader";
export const SELECT_END = `
	SELECT next, created, incarnation, erasures, edge,
		current_setting('synchronous_standby_names') AS standbys
	FROM @store`;
export const MOVE_END = "UPDATE @store SET next = $1, created = $2, streams = $3, edge = $4";
/** Changes nothing; its commit waits for the standby, and so for all commits before it. */
export const TOUCH_END = "UPDATE @store SET next = next";

/** The newest entry of a stream. */
export const NEWEST = (stream: string) => `
	LATERAL (SELECT version, position FROM @entries WHERE stream = ${stream}
		ORDER BY version DESC LIMIT 1)`;

/** For each stream: its number, its last version, its tombstone, and its newest metadata. */
export const SELECT_FACTS = `
	SELECT n.name, s.id, l.version AS last, m.tombstone, m.scavenged,
		d.version AS "metadataLast", d.position AS "metadataAt",
		(SELECT data FROM @events WHERE position = d.position) AS metadata
	FROM unnest($1::text[]) AS n (name)
		LEFT JOIN @streams s ON s.name = n.name LEFT JOIN ${NEWEST("s.id")} l ON true
		LEFT JOIN @marks m ON m.stream = s.id
		LEFT JOIN @streams t ON t.name = '$$' || n.name LEFT JOIN ${NEWEST("t.id")} d ON true`;

/** For each stream that an event joins: the same, less what no plan asks of it. */
export const SELECT_JOINED = `
	SELECT n.name, s.id, l.version AS last,
		CASE WHEN s.id IS NULL THEN
			(SELECT d.position FROM @streams t CROSS JOIN ${NEWEST("t.id")} d
				WHERE t.name = '$$' || n.name) END AS "metadataAt"
	FROM unnest($1::text[]) AS n (name)
		LEFT JOIN @streams s ON s.name = n.name LEFT JOIN ${NEWEST("s.id")} l ON true`;

/** Where ids stand in streams. */
export const SELECT_PLACES = `
	SELECT n.name, n.id, e.version, e.position
	FROM unnest($1::text[], $2::uuid[]) AS n (name, id)
		JOIN @streams s ON s.name = n.name JOIN @events e ON e.stream = s.id AND e.id = n.id`;

/**
 * All rows of a group, and the end of the log behind them, in one statement: each costs a message
 * and its answer, and the others wait for the end meanwhile. Of the content, which stands side by
 * side in $15, $12 says where that of each event begins, $13 and $14 how long its parts are; $16
 * are the hashes. The events stand from position $5 on.
 * @param rest the rows that few groups have
 */
const writeRows = (guard: string, rest: string) => `
	WITH moved AS (
		UPDATE @store SET next = $1, created = $2, streams = $3, edge = $4 ${guard} RETURNING 1
	), of_events AS (
		INSERT INTO @events (position, stream, version, created, id, flags, type, hash, data, metadata)
		SELECT $5::bigint + n - 1, stream, version, created, id, flags, type,
			substring($16::bytea FROM 32 * n::int - 31 FOR 32),
			substring($15::bytea FROM at + 1 FOR data),
			substring($15::bytea FROM at + data + 1 FOR metadata)
		FROM moved CROSS JOIN unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::uuid[],
			$10::smallint[], $11::text[], $12::int[], $13::int[], $14::int[])
			WITH ORDINALITY AS e (created, stream, version, id, flags, type, at, data, metadata, n)
	), of_entries AS (
		INSERT INTO @entries (stream, version, position)
		SELECT e.* FROM moved CROSS JOIN unnest($17::bigint[], $18::bigint[], $19::bigint[]) AS e
	)${rest}
	SELECT 1 FROM moved`;

/** New streams, nodes of the tree, and marks, in parameters from a number on. */
const restFrom = (first: number) => {
	const [ids, names, levels, numbers, hashes, ...marks] = Array.from(
		{ length: 9 },
		(_, index) => `$${first + index}`,
	);
	return `, of_streams AS (
		INSERT INTO @streams (id, name)
		SELECT s.* FROM moved CROSS JOIN unnest(${ids}::bigint[], ${names}::text[]) AS s
	), of_nodes AS (
		INSERT INTO @nodes (level, number, hash)
		SELECT level, number, substring(${hashes}::bytea FROM 32 * n::int - 31 FOR 32)
		FROM moved CROSS JOIN unnest(${levels}::smallint[], ${numbers}::bigint[])
			WITH ORDINALITY AS o (level, number, n)
	), of_marks AS (
		INSERT INTO @marks AS m (stream, metadata, tombstone, link)
		SELECT n.* FROM moved
			CROSS JOIN unnest(${marks.map((mark) => `${mark}::bigint[]`).join(", ")}) AS n
		ON CONFLICT (stream) DO UPDATE SET metadata = coalesce(excluded.metadata, m.metadata),
			tombstone = coalesce(excluded.tombstone, m.tombstone),
			link = coalesce(excluded.link, m.link)
	)`;
};

/** In a transaction that has taken the end of the log. */
export const WRITE_ROWS = writeRows("", restFrom(20));

/**
 * Without one, as a transaction of its own: if the log ends where the node left it, with the same
 * hashes, under the same settings, and none of the ids is there, then all that the node knows of it
 * still holds, also if a failed-over database has lost its newest events and got as many others.
 * The update waits for the end of the log, and looks again at what it is then. The statement's
 * snapshot may be older than the end it got, but not older than the end that it asks for.
 */
const UNCHANGED = `
	WHERE next = $5 AND edge = $26 AND erasures = $20 AND incarnation = $21
		AND current_setting('synchronous_commit') = $22
		AND current_setting('synchronous_standby_names') = $23
		AND current_setting('fsync') = $24 AND current_setting('full_page_writes') = $25
		AND NOT EXISTS (SELECT 1 FROM unnest($7::bigint[], $9::uuid[]) AS n (stream, id)
			JOIN @events e ON e.stream = n.stream AND e.id = n.id)`;
/** Each table that a statement may write to costs, also if nothing is written to it. */
export const WRITE_IF_UNCHANGED = {
	all: writeRows(UNCHANGED, restFrom(27)),
	eventsAlone: writeRows(UNCHANGED, ""),
};

/**
 * What a binary search finds in the middle of what is left of a stream. The plan of a statement may
 * be of a time when the stream was short; it would then read all of it for each look. `OFFSET 0`
 * keeps the planner from that: what stands before it is one look-up by the primary key.
 */
export const MIDDLE = (stream: string) => `
	CROSS JOIN LATERAL (SELECT n.position FROM @entries n
		WHERE n.stream = ${stream} AND n.version = (low + high) / 2 OFFSET 0) n`;

/** A binary search: how many entries of stream $1, up to version $3, lie before position $2. */
export const COUNT_BEFORE = `
	WITH RECURSIVE search (low, high) AS (
		SELECT 0::bigint, $3::bigint + 1
		UNION ALL
		SELECT CASE WHEN n.position >= $2 THEN low ELSE (low + high) / 2 + 1 END,
			CASE WHEN n.position >= $2 THEN (low + high) / 2 ELSE high END
		FROM search ${MIDDLE("$1")} WHERE low < high)
	SELECT low AS before FROM search WHERE low = high`;

/** The same: the lowest version from $2 to $3 of stream $1 that was created after $4. */
export const FIND_UNEXPIRED = `
	WITH RECURSIVE search (low, high) AS (
		SELECT $2::bigint, $3::bigint + 1
		UNION ALL
		SELECT CASE WHEN e.created > $4 THEN low ELSE (low + high) / 2 + 1 END,
			CASE WHEN e.created > $4 THEN (low + high) / 2 ELSE high END
		FROM search ${MIDDLE("$1")} CROSS JOIN LATERAL
			(SELECT created FROM @events WHERE position = n.position OFFSET 0) e
		WHERE low < high)
	SELECT low AS first FROM search WHERE low >= high`;

/** The gap of scavenged positions that a position may be in: the last to begin at or before it. */
export const SELECT_GAP =
	"SELECT first, last FROM @gaps WHERE first <= $1 ORDER BY first DESC LIMIT 1";

/** Names from $1 on, or behind it; before $3, or up to it. */
export const SELECT_NAMES = `
	SELECT name FROM @streams WHERE name >= $1 AND (name > $1 OR NOT $2)
		AND ($3::text IS NULL OR name < $3 OR (name = $3 AND $4)) ORDER BY name LIMIT $5`;

export const SELECT_BYTES = `
	SELECT coalesce(sum(length(e.data) + length(e.metadata)), 0)::bigint AS bytes
	FROM @streams s JOIN @entries n ON n.stream = s.id JOIN @events e ON e.position = n.position
	WHERE s.name = $1 AND n.version BETWEEN $2 AND $3`;
export const SELECT_BYTES_OF_ALL = `
	SELECT coalesce(sum(length(data) + length(metadata)), 0)::bigint AS bytes
	FROM @events WHERE position BETWEEN $1 AND $2`;

/** The earliest event of stream $1 with an id. */
export const SELECT_VERSION_OF_ID =
	"SELECT min(version) AS version FROM @events WHERE stream = $1 AND id = $2";
/** The events with an id in the streams numbered from $2 to $3: a look-up for each. */
export const SELECT_POSITIONS_OF_ID = `
	SELECT e.position FROM @streams s JOIN @events e ON e.stream = s.id AND e.id = $1
	WHERE s.id BETWEEN $2 AND $3`;
export const SELECT_LAST_STREAM = "SELECT streams FROM @store";

/** The version that position $2 has in stream $1, of which $3 is the last, if it stands there. */
export const FIND_VERSION = `
	WITH RECURSIVE search (low, high) AS (
		SELECT 0::bigint, $3::bigint + 1
		UNION ALL
		SELECT CASE WHEN n.position >= $2 THEN low ELSE (low + high) / 2 + 1 END,
			CASE WHEN n.position >= $2 THEN (low + high) / 2 ELSE high END
		FROM search ${MIDDLE("$1")} WHERE low < high)
	SELECT n.version FROM search JOIN @entries n ON n.stream = $1 AND n.version = low
	WHERE low = high AND n.position = $2`;

/** Hashes from $2 up to $3 of the leaves, and of a level of the tree. */
export const SELECT_LEAF_HASHES = `
	SELECT position AS number, hash FROM @events WHERE position >= $1 AND position < $2
	ORDER BY position`;
export const SELECT_NODES = `
	SELECT number, hash FROM @nodes WHERE level = $1 AND number >= $2 AND number < $3
	ORDER BY number`;

export const SELECT_HISTORIES =
	"SELECT incarnation, first FROM @histories ORDER BY incarnation DESC";
export const SELECT_SIGNING = "SELECT key, checkpoint FROM @signing";
export const KEEP_KEY = "UPDATE @signing SET key = $1 WHERE key IS NULL";
export const KEEP_CHECKPOINT = "UPDATE @signing SET checkpoint = $1";
/** Of the cluster, which its replicas have as well. */
export const SELECT_SYSTEM =
	"SELECT system_identifier::text AS system FROM pg_catalog.pg_control_system()";
export const SELECT_SIZE = `
	SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS bytes
	FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind = 'r'`;
