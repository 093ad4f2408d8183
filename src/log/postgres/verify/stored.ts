/** Events as they are stored, with all that the log keeps of them. */
import { FLAG_SCAVENGED, FLAGS_ERASED } from "../../appending/flags.ts";
import type { StoredEvent } from "../../verify/view.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { SELECT_STORED, SELECT_STORED_OF } from "./statements.ts";

/** Content that is fetched in one go, besides one event that may be larger. */
const BYTES_MAX = 4 * 1024 * 1024;

/** Events `from` up to `to`, `to` not included; the first of them if they have many bytes. */
export async function fetchStored(
	database: Database,
	from: number,
	to: number,
	on?: Queryable,
): Promise<StoredEvent[]> {
	return (await database.rows(SELECT_STORED, [from, to, BYTES_MAX], on)).map(storedOf);
}

/** The same of a stream, by version. */
export async function fetchStoredOf(
	database: Database,
	stream: number,
	from: number,
	to: number,
): Promise<StoredEvent[]> {
	const values = [stream, from, to, BYTES_MAX];
	return (await database.rows(SELECT_STORED_OF, values)).map(storedOf);
}

function storedOf(row: Row): StoredEvent {
	const flags = Number(row.flags);
	const digests =
		row.dataDigest === null
			? undefined
			: { data: row.dataDigest as Buffer, metadata: row.metadataDigest as Buffer };
	const isErased = (flags & FLAGS_ERASED) !== 0;
	return {
		position: Number(row.position),
		stream: String(row.stream),
		version: Number(row.version),
		id: Buffer.from(String(row.id).replaceAll("-", ""), "hex"),
		type: String(row.type),
		created: Number(row.created),
		flags,
		hash: row.hash as Buffer,
		data: row.data as Buffer,
		metadata: row.metadata as Buffer,
		isErased,
		isScavenged: (flags & FLAG_SCAVENGED) !== 0,
		digests: isErased ? digests : undefined,
	};
}
