/**
 * Checks the hashes of the tree before the log signs them or hands them out. This also tells a
 * damaged hash from another history: there all hashes agree with each other.
 */
import { TILE_WIDTH } from "../../../../feeds/proof/tiles.ts";
import { isHashOfLeaf, withoutItsHash } from "../../verify/event.ts";
import { checkEdge, isNodeOver } from "../../verify/nodes.ts";
import type { Hashes, StoredEvent } from "../../verify/view.ts";
import { Contradiction, isUnreadable } from "../failures.ts";
import type { StoredEvents } from "./stored/events.ts";

/** @throws Contradiction if the root of the first `size` events is made of damaged hashes */
export function requireEdge(size: number, stored: StoredEvents, hashes: Hashes): void {
	checkEdge(size, stored.read(size - (size % TILE_WIDTH), size), hashes, refuse);
}

/**
 * @param leaf the leaf of the event
 * @throws Contradiction if the event has another hash
 */
export function requireLeaf({ position, hash }: StoredEvent, leaf: Uint8Array): void {
	if (!hash || !isHashOfLeaf(hash, leaf)) refuse(withoutItsHash(position));
}

/**
 * Holds a full tile against the node above it, if that can be read.
 * @param below the hashes of the tile
 * @throws Contradiction
 */
export function requireTile(
	level: number,
	number: number,
	below: readonly Uint8Array[],
	hashes: Hashes,
): void {
	const node = nodeAt(hashes, level + 1, number);
	if (node === undefined || isNodeOver(node, below)) return;
	refuse(`node ${number} of level ${level + 1} is not the root of those below it`);
}

function nodeAt(hashes: Hashes, level: number, number: number): Uint8Array | undefined {
	try {
		return hashes(level, number, number + 1)[0];
	} catch (error) {
		if (!isUnreadable(error)) throw error;
		return undefined;
	}
}

function refuse(fault: string): never {
	throw new Contradiction(fault);
}
