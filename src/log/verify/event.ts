/** The rules for one event, by itself and by its hash. */
import { HASH_BYTES, leafHash, sha256 } from "../../../feeds/proof/hash.ts";
import { encodeLeaf, hashOfEvent, type LeafHead } from "../../../feeds/proof/leaf.ts";
import type { StoredEvent } from "./view.ts";

/** Of all calls, as none of them waits. */
const computed = Buffer.alloc(HASH_BYTES);

/** Whether the hash of an event is that of all its fields. */
export function isAsHashed(event: StoredEvent): boolean {
	const { hash, data, metadata, digests } = event;
	if (!hash) return false;
	return digests ? isHashOfLeaf(hash, leafOf(event)) : isHashOf(hash, event, data, metadata);
}

/** Whether a leaf hash is that of an event, given the content it was appended with. */
export function isHashOf(
	hash: Uint8Array,
	head: LeafHead,
	data: Uint8Array,
	metadata: Uint8Array,
): boolean {
	return Buffer.compare(hash, hashOfEvent(head, data, metadata, computed)) === 0;
}

/** Whether a hash is that of a leaf. */
export function isHashOfLeaf(hash: Uint8Array, leaf: Uint8Array): boolean {
	return Buffer.compare(hash, leafHash(leaf)) === 0;
}

/** The leaf hash an event must have. */
export function expectedHash(event: StoredEvent): Uint8Array {
	const { data, metadata, digests } = event;
	return digests ? leafHash(leafOf(event)) : hashOfEvent(event, data, metadata);
}

/** The leaf of an event. */
export function leafOf(event: StoredEvent): Buffer {
	const { digests } = event;
	// Erased content has left its digest. Content that is there must still have it.
	const digest = (bytes: Uint8Array, kept: Uint8Array | undefined) =>
		bytes.length === 0 && kept ? kept : sha256(bytes);
	return encodeLeaf({
		...event,
		data: digest(event.data, digests?.data),
		metadata: digest(event.metadata, digests?.metadata),
	});
}

/** Whether the event has lost all content that it says was erased. */
export function isErasedWhole({ data, metadata, isErased, isScavenged }: StoredEvent): boolean {
	return !isErased || (data.length === 0 && (!isScavenged || metadata.length === 0));
}

/** Whether an id is valid: no event has an id of zeros only. */
export function isEventId(id: Uint8Array): boolean {
	return id.some((byte) => byte !== 0);
}

/** The fault of an event that does not have its hash; it names only the position. */
export function withoutItsHash(position: number): string {
	return `the event at position ${position} does not have its hash`;
}

/** The same, for a report that names the event. */
export function notAppended({ position, version, stream }: StoredEvent): string {
	const which = `position ${position}: version ${version} of ${stream}`;
	return `${which} is not what was appended: it does not have its hash`;
}
