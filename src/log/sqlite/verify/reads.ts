/**
 * Compares rows that were read with other facts of the log. A page of the file may be damaged
 * without a sign of it, and caches may keep an answer for ever.
 */
import { HASH_BYTES } from "../../../../feeds/proof/hash.ts";
import type { RecordedEvent } from "../../../event.ts";
import { LINK_TYPE } from "../../../indexes/links.ts";
import { FLAG_SCAVENGED, FLAGS_ERASED } from "../../appending/flags.ts";
import { isHashOf, withoutItsHash } from "../../verify/event.ts";
import { Contradiction, MissingRows } from "../failures.ts";

/** In a statement's order: see `reading/statements.ts`. */
export type EventRow = [
	entryVersion: number,
	position: number,
	stream: number,
	version: number,
	type: string,
	created: number,
	flags: number,
	dataBytes: number,
	metadataBytes: number,
];

/**
 * Positions and versions are dense, and a damaged page may show itself by nothing but fewer rows.
 * Pages are kept for ever, so none may be made of them.
 * @throws MissingRows
 */
export function checkComplete(found: number, covered: number, scavenged: () => number): void {
	if (found === covered || found === covered - scavenged()) return;
	throw new MissingRows("some of the events are missing");
}

/** Two marks of a stream, and the events that prove them; null for none. */
type ProvenMarks = {
	/** The position of the newest event of its metadata stream. */
	readonly metadata: number | null;
	readonly described: number | null;
	readonly tombstone: number | null;
	/** Whether its newest event is a tombstone: 1 or 0. */
	readonly ended: number | null;
};

/**
 * Marks repeat what the log itself says (decisions 46 and 53), so each look-up holds them against
 * that. `VERIFY_MARKS` has the same rule for all streams at once.
 * @throws Contradiction
 */
export function checkMarks({ metadata, described, tombstone, ended }: ProvenMarks): void {
	if (metadata === described && (ended !== 1 || tombstone !== null)) return;
	const what = metadata === described ? "that it was deleted" : "its metadata";
	throw new Contradiction(`what is noted of the stream is not what the log says: ${what}`);
}

/**
 * The same for the marks that only the events themselves can prove: whether there are links, and
 * what was scavenged.
 * @param rows the events of an own stream, or of `$all`; links among them are looked for if they
 * are resolved, scavenged ones unless hidden events are read
 * @throws Contradiction
 */
export function checkNoted(
	rows: readonly EventRow[],
	{ link }: { readonly link: number | null },
	{ resolve, hidden }: { readonly resolve: boolean; readonly hidden: boolean },
): void {
	const misses = ([, , , , type, , flags]: EventRow) =>
		(resolve && link === null && type === LINK_TYPE) || (!hidden && (flags & FLAG_SCAVENGED) !== 0);
	if (rows.some(misses)) throw new Contradiction("its events are not what is noted of the stream");
}

/** Of all calls, as none of them waits. */
const idBytes = Buffer.alloc(16);

/**
 * Checks that events are as they were appended. Content that was erased proves nothing by itself;
 * `verify` has the digests it left.
 * @param hashes their leaf hashes, one behind the other
 * @throws Contradiction
 */
export function checkHashes(
	rows: readonly EventRow[],
	events: readonly RecordedEvent[],
	hashes: Uint8Array,
): void {
	for (const [index, event] of events.entries()) {
		const [, , , , , , flags] = rows[index] as EventRow;
		if (flags & FLAGS_ERASED) continue;
		idBytes.write(event.id.replaceAll("-", ""), "hex");
		const { position, stream, version, type, created, data, metadata } = event;
		const head = { position, stream, version, id: idBytes, type, created, flags };
		const hash = hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
		if (isHashOf(hash, head, data, metadata)) continue;
		throw new Contradiction(withoutItsHash(position));
	}
}
