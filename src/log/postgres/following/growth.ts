/**
 * What other nodes have appended, and what that changes. It comes as one row, which costs the
 * database and the driver a fraction of what a row for each event does.
 */
import { HASH_BYTES } from "../../../../feeds/proof/hash.ts";
import type { StreamName, Version } from "../../../event.ts";
import { CORRELATED_METADATA_BYTES_MAX, streamsJoined } from "../../../indexes/joins.ts";
import { FLAG_TOMBSTONE } from "../../appending/flags.ts";
import { marksOf } from "../../appending/marks.ts";
import type { Row } from "../connection/database.ts";

/**
 * The events from position $1 on, before $2. Metadata counts only if it may name a correlation; if
 * that of any event is longer than $3, that is said in its place.
 */
export const SELECT_GROWTH = `
	SELECT count(*) AS count, json_agg(name) AS names, json_agg(version) AS versions,
		json_agg(type) AS types, json_agg(flags) AS flags, string_agg(hash, ''::bytea) AS hashes,
		json_object_agg(n, encode(metadata, 'hex')) FILTER (WHERE bytes BETWEEN 20 AND $3
			AND position('$correlationId'::bytea IN metadata) > 0) AS metadata,
		coalesce(bool_or(bytes BETWEEN $3 + 1 AND ${CORRELATED_METADATA_BYTES_MAX}), false) AS "isCut"
	FROM (SELECT e.position - $1 AS n, s.name, e.version, e.type, e.flags, e.hash, e.metadata,
			length(e.metadata) AS bytes
		FROM @events e JOIN @streams s ON s.id = e.stream
		WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position) e`;

export type Growth = {
	readonly count: number;
	/** The last version of each stream that was appended to. */
	readonly streams: Map<StreamName, Version>;
	/** How many of the events each index stream got. */
	readonly joined: Map<StreamName, number>;
	/** Those of which more than the length has changed. */
	readonly marked: Set<StreamName>;
	/** Of the events, in their order. */
	readonly hashes: readonly Buffer[];
};

const NOTHING = new Uint8Array(0);

/** @param row of `SELECT_GROWTH`, with all metadata that counts */
export function growthOf(row: Row): Growth {
	const [names, versions, types, flags] = ["names", "versions", "types", "flags"].map((column) =>
		parsed(row[column], []),
	) as [StreamName[], Version[], string[], number[]];
	const metadata = parsed(row.metadata, {}) as Readonly<Record<string, string>>;
	const streams = new Map<StreamName, Version>();
	const joined = new Map<StreamName, number>();
	const marked = new Set<StreamName>();
	for (const [index, stream] of names.entries()) {
		const [version = 0, type = ""] = [versions[index], types[index]];
		streams.set(stream, version);
		const correlated = metadata[index];
		const event = {
			...{ stream, version, type },
			metadata: correlated === undefined ? NOTHING : Buffer.from(correlated, "hex"),
		};
		for (const one of streamsJoined(event)) joined.set(one, (joined.get(one) ?? 0) + 1);
		const mark = Number(flags[index]) & FLAG_TOMBSTONE ? "tombstone" : undefined;
		for (const one of marksOf({ stream, made: undefined, mark }, [{ type }])) {
			marked.add(one.stream);
		}
	}
	return { count: Number(row.count), streams, joined, marked, hashes: hashesOf(row) };
}

function hashesOf({ hashes }: Row): Buffer[] {
	const all = (hashes as Buffer | null) ?? Buffer.alloc(0);
	return Array.from({ length: all.length / HASH_BYTES }, (_, index) =>
		all.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
	);
}

function parsed(json: unknown, none: unknown): unknown {
	return json === null ? none : JSON.parse(json as string);
}
