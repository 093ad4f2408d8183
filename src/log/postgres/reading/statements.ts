/**
 * The SQL of reads. What a read has to know of its stream comes in one row, and so do its entries:
 * a value of each column for all of them costs the driver a fraction of a row for each. Most reads
 * of a range are one such row.
 */
import { FLAG_SCAVENGED } from "../../appending/flags.ts";
import { NEWEST } from "../statements.ts";

/**
 * What a read has to know of a stream: its number, its last version and where that stands, its
 * marks, the metadata that counts, and whether the stream that a metadata stream describes is gone.
 */
const STATE = `
	s.id, l.version AS last, l.position AS newest, m.metadata, m.tombstone, m.link, m.scavenged,
	(SELECT data FROM @events WHERE position = m.metadata) AS rule,
	CASE WHEN starts_with(n.name, '$$') THEN
		(SELECT t.tombstone FROM @marks t JOIN @streams d ON d.id = t.stream
			WHERE d.name = substr(n.name, 3)) END AS "describedGone"`;
const STATE_OF = `
	LEFT JOIN @streams s ON s.name = n.name LEFT JOIN ${NEWEST("s.id")} l ON true
	LEFT JOIN @marks m ON m.stream = s.id`;

/** A statement, alone and with a page of entries; `page` is what it begins and ends with then. */
const state = (columns: string, from: string) => ({
	alone: `SELECT e.next, e.erasures, ${columns} FROM @store e ${from}`,
	with: (page: string) => `
		SELECT e.next, e.erasures, ${columns}, page.* FROM @store e ${from}
			CROSS JOIN LATERAL (${page}) page`,
});

/** The state of one stream, and of the log. */
const OF_STREAM = state(STATE, `CROSS JOIN (SELECT $1::text AS name) n ${STATE_OF}`);
/** The same of an index stream, and whether any stream is more than its entries. */
const OF_INDEX = state(
	`${STATE}, EXISTS (SELECT 1 FROM @marks)
		OR EXISTS (SELECT 1 FROM @streams WHERE name >= '$$' AND name < '$%')
		OR EXISTS (SELECT 1 FROM @streams WHERE name = '$et-$streamDeleted') AS "isAnyMarked"`,
	`CROSS JOIN (SELECT $1::text AS name) n ${STATE_OF}`,
);
/** The same of `$all`. */
const OF_ALL = state(
	`0::bigint AS id, e.next - 1 AS last, e.next - 1 AS newest,
		m.metadata, m.tombstone, m.link, m.scavenged,
		(SELECT data FROM @events WHERE position = m.metadata) AS rule, NULL AS "describedGone"`,
	"LEFT JOIN @marks m ON m.stream = 0 AND $1::text <> ''",
);
/** The same of many streams, and the number of erasures. */
export const SELECT_STATES = `
	SELECT e.erasures, n.name, ${STATE}
	FROM @store e CROSS JOIN unnest($1::text[]) AS n (name) ${STATE_OF}`;

const HEAD = `
	v.position, v.version, v.id, v.type, v.created, v.flags,
	length(v.data) AS "dataBytes", length(v.metadata) AS "metadataBytes",
	CASE WHEN v.type = '$>' AND length(v.data) <= 2048 THEN v.data END AS link`;

type Order = "ASC" | "DESC";

/** The rows of a range: where they come from, and which number places one in it. */
type Rows = { readonly entry: string; readonly from: string };

/** Versions $2 to $3 of a stream. */
const entriesOf = (stream: string): Rows => ({
	entry: "a.version",
	from: `FROM @entries a JOIN @events v ON v.position = a.position
		WHERE a.stream = ${stream} AND a.version BETWEEN $2 AND $3`,
});
/** The same of `$all`, whose versions are positions; it leaves out scavenged events. */
const EVENTS: Rows = {
	entry: "v.position",
	from: `FROM @events v
		WHERE v.position BETWEEN $2 AND $3 AND (v.flags & ${FLAG_SCAVENGED}) = 0`,
};

/** By name, what is a number or an id in each row; as lists, they cost half of what JSON does. */
const LISTS = {
	...{ entries: "entry", positions: "position", streams: "stream", versions: "version" },
	...{ ids: "id", times: "created", flags: "flags" },
	...{ dataBytes: `"dataBytes"`, metadataBytes: `"metadataBytes"` },
};
/** Longer content is in Base64, and so is what is not mostly ASCII; the rest is only escaped. */
const ESCAPED_BYTES_MAX = 1024 * 1024;

/**
 * The rows are gone through twice: first for their bytes and their streams, of which a page has
 * few. Content comes if it is asked for, and if it has no more than $5 bytes: a page that has more
 * is refused. No type holds a line break.
 */
const page = ({ entry, from }: Rows, order: Order) => `
	SELECT named.named, ${Object.keys(LISTS).map((list) => `r."${list}"`)}, r.types, r.links,
		c.is_escaped AS "isEscaped",
		CASE WHEN c.is_escaped THEN c.escaped ELSE encode(r.content, 'base64') END AS content
	FROM (SELECT sum(length(v.data) + length(v.metadata)) AS bytes,
			array_agg(DISTINCT v.stream) AS streams ${from}) b
		CROSS JOIN LATERAL (SELECT json_object_agg(id, name) AS named FROM @streams
			WHERE id = ANY (b.streams)) named
		CROSS JOIN LATERAL (SELECT
				${Object.entries(LISTS).map(([as, one]) => `string_agg(${one}::text, ',') AS "${as}"`)},
				string_agg(type, E'\\n') AS types,
				json_object_agg(position, encode(link, 'hex')) FILTER (WHERE link IS NOT NULL) AS links,
				string_agg(CASE WHEN "metadataBytes" = 0 THEN data ELSE data || metadata END, ''::bytea)
					FILTER (WHERE $4 AND b.bytes <= $5) AS content
			FROM (SELECT ${entry} AS entry, v.stream, ${HEAD}, v.data, v.metadata ${from}
				ORDER BY ${entry} ${order}) v) r
		CROSS JOIN LATERAL (SELECT escaped, octet_length(escaped) <= 2 * b.bytes AS is_escaped
			FROM (SELECT CASE WHEN b.bytes <= ${ESCAPED_BYTES_MAX} THEN encode(r.content, 'escape') END
				AS escaped OFFSET 0) e OFFSET 0) c`;

/** Of each kind of stream: its state alone, and with entries in the order of a read. */
export const SELECT_STATE = {
	stream: statesWith(OF_STREAM, entriesOf("s.id")),
	index: statesWith(OF_INDEX, entriesOf("s.id")),
	all: statesWith(OF_ALL, EVENTS),
};

function statesWith(of: ReturnType<typeof state>, rows: Rows) {
	return {
		alone: of.alone,
		forward: of.with(page(rows, "ASC")),
		backward: of.with(page(rows, "DESC")),
	};
}

/** Entries alone, of the stream with the number $1, and what the log is at that moment. */
export const SELECT_PAGE = {
	stream: pages(entriesOf("$1")),
	all: pages({ ...EVENTS, from: `${EVENTS.from} AND $1::bigint = 0` }),
};

function pages(rows: Rows) {
	const of = (order: Order) =>
		`SELECT e.next, e.erasures, page.* FROM @store e CROSS JOIN LATERAL (${page(rows, order)}) page`;
	return { forward: of("ASC"), backward: of("DESC") };
}

const BYTES = "sum(length(v.data) + length(v.metadata)) OVER ()";

/** The events at places of streams. Content is sent unless all of it is too much. */
export const SELECT_EVENTS_AT = `
	SELECT n.name AS of, n.version AS at, o.name, ${HEAD},
		CASE WHEN $3 AND ${BYTES} <= $4 THEN v.data END AS data,
		CASE WHEN $3 AND ${BYTES} <= $4 THEN v.metadata END AS metadata
	FROM unnest($1::text[], $2::bigint[]) AS n (name, version)
		JOIN @streams t ON t.name = n.name
		JOIN @entries a ON a.stream = t.id AND a.version = n.version
		JOIN @events v ON v.position = a.position JOIN @streams o ON o.id = v.stream`;
