/** The SQL of reads. */
import { FLAG_SCAVENGED } from "../../appending/flags.ts";
import { OF_SPANS } from "../statements.ts";

/**
 * The columns of an event besides its id and its content, and the lengths of that. SQLite reads a
 * blob's length from the row's header, and not the blob.
 */
const HEAD_COLUMNS =
	"e.position, e.stream, e.version, e.type, e.created, e.flags, " +
	"length(e.data), length(e.metadata)";

export type Order = "ASC" | "DESC";

/**
 * Versions low to high of a stream, those that have places of their own. CROSS JOIN keeps SQLite
 * from starting at the wrong table.
 */
const ALONE = `
	FROM places n CROSS JOIN events e ON e.position = n.position
	WHERE n.stream = ? AND n.key BETWEEN ? AND ?`;
/** The same of `$all`, which leaves out scavenged events. */
const OF_ALL = `
	FROM events e WHERE e.position BETWEEN ? AND ? AND (e.flags & ${FLAG_SCAVENGED}) = 0`;

/** Each gives nothing of entries that share a place. */
export const selectAlone = readsOf("n.key", ["n.key"], ALONE);
export const selectSpans = readsOf(
	"n.version - n.position + e.position",
	["n.version", "n.place", "e.position"],
	OF_SPANS,
);
export const selectEvents = readsOf("e.position", ["e.position"], OF_ALL);

/**
 * The statements of a read, all with the same parameters and in the same order. Each but `apart`
 * gives one row, whose values hold those of all entries: a value costs 0.1 µs on its way out of
 * SQLite, and a Buffer 1 to 3 µs. So the heads come as JSON, for half the price of rows.
 */
export type Reads = {
	/** Of each entry, its version and its event without id and content; and the ids, side by side. */
	heads(order: Order): string;
	/** The data and metadata of each, side by side. */
	joined(order: Order): string;
	/** The data and metadata of each, in a row of its own. */
	apart(order: Order): string;
	/** The leaf hash of each, side by side. */
	hashes(order: Order): string;
};

/**
 * The order is that of the subquery, which SQLite keeps for any aggregate but count, min and max;
 * `ORDER BY` within the aggregate would sort what the index already has in order, for twice the
 * price.
 */
function readsOf(version: string, keys: readonly string[], range: string): Reads {
	const inOrder = (columns: string, order: Order) =>
		`SELECT ${columns} ${range} ORDER BY ${keys.map((key) => `${key} ${order}`)}`;
	const joined = (values: string, columns: string, order: Order) =>
		`SELECT ${values} FROM (${inOrder(columns, order)})`;
	return {
		heads: (order) =>
			joined(
				`'[' || group_concat(head) || ']', ${sideBySide("id")}`,
				`json_array(${version}, ${HEAD_COLUMNS}) AS head, e.id`,
				order,
			),
		joined: (order) => joined(sideBySide("content"), "e.data || e.metadata AS content", order),
		apart: (order) => inOrder("e.data, e.metadata", order),
		hashes: (order) => joined(sideBySide("hash"), "e.hash", order),
	};
}

function sideBySide(column: string): string {
	return `CAST(group_concat(${column}, '') AS BLOB)`;
}
