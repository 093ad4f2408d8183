/**
 * Which events of another log may stand in this one: pure decisions. An import writes what a log
 * wrote before, so it keeps what every log keeps: dense versions, rising times, scavenged events at
 * the low end of their stream, nothing behind a tombstone, and each event as its hash says.
 */
import { HASH_BYTES, sha256 } from "../../../feeds/proof/hash.ts";
import { DIGESTS_BYTES, hashOfDigested, LEAF_FLAGS } from "../../../feeds/proof/leaf.ts";
import type { StreamName } from "../../event.ts";
import { isWritable, streamsJoined } from "../../indexes/joins.ts";
import { isOfUser } from "../redaction.ts";
import type { MovedEvent } from "./moves.ts";

/** The facts of the log at the place of an event. */
export type PlaceFacts = {
	/** The last version of its stream; -1 if it has none. */
	readonly last: number;
	/** `created` of the event before it; 0 if it is the first. */
	readonly created: number;
	/** Whether its stream, or the one it describes, was deleted for ever. */
	readonly isGone: boolean;
	/** The lowest version of its stream that was not scavenged. */
	readonly scavenged: number;
	/** The number of the history in the log. */
	readonly incarnation: number;
};

/** Why an event cannot stand in any log; undefined if it can. */
export function faultOfEvent(event: MovedEvent): string | undefined {
	const { stream, type, erased, mark, data, metadata, correlation, digests } = event;
	if (!isWritable(stream))
		return "a log writes this stream itself, and has no events of its own in it";
	if (erased === undefined && digests) return "it has digests, and was not erased";
	if (erased !== undefined && !digests) return "it was erased, and has no digests of its content";
	if (erased !== undefined && data.length > 0) return "it was erased, and has data";
	if (erased === "scavenged" && metadata.length > 0) return "it was scavenged, and has metadata";
	if (erased === "redacted" && type.startsWith("$") && !isOfUser(stream, type)) {
		return "no log redacts such an event";
	}
	if (erased === "scavenged" && mark === "tombstone") return "no log scavenges a tombstone";
	if (correlation !== undefined && (!erased || metadata.length > 0)) {
		return "its correlation is that of its metadata";
	}
	if (!fits(metadata, digests?.metadata) && erased !== undefined) {
		return "its metadata does not have its digest";
	}
	if (Buffer.compare(event.hash, hashOfMoved(event)) !== 0) {
		return "its hash is not that of its fields";
	}
	return undefined;
}

/** Why an event cannot stand at this place; undefined if it can. */
export function faultAtPlace(event: MovedEvent, facts: PlaceFacts): string | undefined {
	const { stream, version, created, erased, incarnation } = event;
	if (facts.isGone) return `stream '${stream}' was deleted for ever before it`;
	if (version !== facts.last + 1) {
		return `its version is ${version}, and the last one of '${stream}' before it ${facts.last}`;
	}
	if (created < facts.created) return "its time is before that of the event in front of it";
	if (erased === "scavenged" && facts.scavenged !== version) {
		return "it was scavenged, and an event before it in its stream was not";
	}
	if (incarnation < facts.incarnation) {
		return `it is of history ${incarnation}, and the log is of history ${facts.incarnation}`;
	}
	return undefined;
}

/** All streams that an event joins; those that rest on erased metadata by what was kept of it. */
export function streamsJoinedMoved(event: MovedEvent): StreamName[] {
	const joined = streamsJoined(event);
	if (event.correlation === undefined) return joined;
	// As if its metadata were there, and nothing else were in it.
	const metadata = Buffer.from(JSON.stringify({ $correlationId: event.correlation }));
	return streamsJoined({ ...event, metadata });
}

/** The flags of an event that its leaf holds. */
export function leafFlagsOf({ isJson, mark }: Pick<MovedEvent, "isJson" | "mark">): number {
	return (isJson ? LEAF_FLAGS.json : 0) | (mark === undefined ? 0 : LEAF_FLAGS[mark]);
}

function hashOfMoved(event: MovedEvent): Buffer {
	const { position, created, version, stream, type, data, metadata, digests } = event;
	const id = Buffer.from(event.id.replaceAll("-", ""), "hex");
	const both = Buffer.allocUnsafe(DIGESTS_BYTES);
	both.set(digests?.data ?? sha256(data), 0);
	both.set(digests?.metadata ?? sha256(metadata), HASH_BYTES);
	const head = { position, created, version, id, flags: leafFlagsOf(event), stream, type };
	return hashOfDigested(head, both);
}

/** Whether content that is left still has its digest. */
function fits(bytes: Uint8Array, digest: Uint8Array | undefined): boolean {
	return bytes.length === 0 || (!!digest && Buffer.compare(sha256(bytes), digest) === 0);
}
