/**
 * What the tree is made of is checked before it is signed for or handed out. That is also how a
 * hash that is damaged is told from one of another history, where all agree with each other.
 */
import { isHashOfLeaf, withoutItsHash } from "../../verify/event.ts";
import { checkEdge, isNodeOver } from "../../verify/nodes.ts";
import type { Hashes, LogView, StoredEvent } from "../../verify/view.ts";
import { Contradiction, isUnreadable } from "../failures.ts";

/** @throws Contradiction if the root of the first `size` events is made of what is damaged */
export function requireEdge(size: number, view: LogView, hashes: Hashes): void {
	checkEdge(size, view, hashes, refuse);
}

/**
 * @param leaf what the tree holds of the event
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
