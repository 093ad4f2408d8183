/**
 * The rows a read finds, and what they are held against: a page of the file may be damaged without
 * a sign of it, and what was read may be kept in caches for ever.
 */
import { HASH_BYTES } from "../../../feeds/proof/hash.ts";
import { hashOfEvent } from "../../../feeds/proof/leaf.ts";
import type { RecordedEvent } from "../../event.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import { Contradiction, MissingRows } from "./failures.ts";
import { FLAG_REDACTED, FLAG_SCAVENGED } from "./protocol.ts";
import type { StreamRow } from "./streams/rows.ts";

/** In a statement's order: see `selectEntries`. */
export type Row = [
	entryVersion: number,
	position: number,
	stream: number,
	version: number,
	id: string,
	type: string,
	created: number,
	flags: number,
	dataBytes: number,
	metadataBytes: number,
];

/**
 * Positions and versions are dense, and a damaged page may show itself by nothing but fewer rows.
 * Pages are kept for ever, so none may be made of them.
 */
export function checkComplete(found: number, covered: number, scavenged: () => number): void {
	if (found === covered || found === covered - scavenged()) return;
	throw new MissingRows("some of the events are missing");
}

/** What `streams/rows.ts` leaves to who reads the events: links, and what was scavenged. */
export function checkNoted(
	rows: readonly Row[],
	{ link }: StreamRow,
	{ resolve, hidden }: { readonly resolve: boolean; readonly hidden: boolean },
): void {
	const misses = (row: Row) =>
		(resolve && link === null && row[5] === LINK_TYPE) ||
		(!hidden && (row[7] & FLAG_SCAVENGED) !== 0);
	if (rows.some(misses)) throw new Contradiction("its events are not what is noted of the stream");
}

/** Content that is gone proves nothing; `verify` has the digests it left. */
const ERASED = FLAG_REDACTED | FLAG_SCAVENGED;

/** Of all calls, as none of them waits. */
const idBytes = Buffer.alloc(16);
const expected = Buffer.alloc(HASH_BYTES);

/**
 * Whether events are what was appended.
 * @param hashes their leaf hashes, one behind the other
 * @throws Contradiction
 */
export function checkHashes(
	rows: readonly Row[],
	events: readonly RecordedEvent[],
	hashes: Uint8Array,
): void {
	for (const [index, event] of events.entries()) {
		const [, , , , id, , , flags] = rows[index] as Row;
		if (flags & ERASED) continue;
		idBytes.write(id, "hex");
		hashOfEvent({ ...event, id: idBytes, flags }, event.data, event.metadata, expected);
		const at = index * HASH_BYTES;
		if (expected.equals(hashes.subarray(at, at + HASH_BYTES))) continue;
		throw new Contradiction(`the event at position ${event.position} is not what its hash says`);
	}
}
