/** What the leaves of the tree must hold of appends that were acknowledged. */
import { createHash } from "node:crypto";
import { decodeLeaf, LEAF_FLAGS, type Leaf } from "../../../feeds/index.ts";
import type { Batch } from "./history.ts";

export type Place = {
	/** The version of the first event. */
	readonly version: number;
	/** The positions of the first and the last. */
	readonly first: number;
	readonly last: number;
};

/** Where a client was told its events are; undefined where it was not. */
export function acknowledgedAt({ attempts, events }: Batch): Place | undefined {
	for (const { outcome } of attempts) {
		if (outcome.kind !== "written") continue;
		const { first: version, position: last } = outcome;
		return { version, first: last - events.length + 1, last };
	}
	return undefined;
}

/** Which events of an acknowledged append are not in the tree as they were sent. */
export function misplaced(batch: Batch, leaves: readonly Uint8Array[]): string[] {
	const place = acknowledgedAt(batch);
	if (!place) return [];
	const wrong = batch.events.findIndex((_, index) => {
		const leaf = decodeLeaf(leaves[place.first + index] ?? new Uint8Array(0));
		return !leaf || !isLeafOf(leaf, batch, index);
	});
	if (wrong < 0) return [];
	const at = place.first + wrong;
	return [`position ${at}: the leaf is not of what ${batch.stream} was acknowledged there`];
}

/** Whether a leaf is of an event of the append, at the place that was acknowledged. */
export function isLeafOf(leaf: Leaf, batch: Batch, index: number): boolean {
	const event = batch.events[index];
	const place = acknowledgedAt(batch);
	if (!event || !place) return false;
	const { id, type, isJson, data, metadata } = event;
	return (
		leaf.stream === batch.stream &&
		leaf.position === place.first + index &&
		leaf.version === place.version + index &&
		Buffer.from(leaf.id).equals(Buffer.from(id.replaceAll("-", ""), "hex")) &&
		leaf.type === type &&
		((leaf.flags & LEAF_FLAGS.json) !== 0) === isJson &&
		sha256(data).equals(leaf.data) &&
		sha256(metadata).equals(leaf.metadata)
	);
}

function sha256(bytes: Uint8Array): Buffer {
	return createHash("sha256").update(bytes).digest();
}
