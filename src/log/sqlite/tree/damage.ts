/**
 * Whether hashes are what lies below them: a leaf hash that of its event, a node that of the 256
 * hashes of its tile. That is how a hash that is damaged is told from one of another history, where
 * all agree with each other.
 */
import { addSubtree, createFrontier, rootOf } from "../../../../feeds/proof/frontier.ts";
import { levelWidth, TILE_WIDTH } from "../../../../feeds/proof/tiles.ts";
import { expectedHash } from "../../verify/events.ts";
import type { LogView, StoredEvent } from "../../verify/view.ts";
import { Contradiction, isUnreadable, MissingRows } from "../failures.ts";
import type { Hashes } from "./hashes.ts";

/**
 * Checks what the root of the first `size` events is made of: 255 hashes a level at most. One level
 * down is enough: where a hash below is damaged as well, the one above it does not agree with it.
 * @throws Contradiction, MissingRows
 */
export function checkEdge(size: number, view: LogView, hashes: Hashes): void {
	for (const event of view.events(size - (size % TILE_WIDTH), size)) {
		checkLeaf(event, expectedHash(event));
	}
	for (let level = 1; levelWidth(size, level) > 0; level++) {
		const to = levelWidth(size, level);
		for (let number = to - (to % TILE_WIDTH); number < to; number++) {
			checkNode(level, number, hashes);
		}
	}
}

/**
 * @param expected of what there is of the event
 * @throws Contradiction
 */
export function checkLeaf({ position, hash }: StoredEvent, expected: Uint8Array): void {
	if (hash && Buffer.compare(hash, expected) === 0) return;
	throw new Contradiction(`the event at position ${position} does not have its hash`);
}

/**
 * Checks a full tile, as far as the node above it can be read.
 * @throws Contradiction
 */
export function checkTile(level: number, number: number, hashes: Hashes): void {
	try {
		checkNode(level + 1, number, hashes);
	} catch (error) {
		if (error instanceof Contradiction || !isUnreadable(error)) throw error;
	}
}

/** @throws Contradiction, MissingRows */
function checkNode(level: number, number: number, hashes: Hashes): void {
	const below = hashes(level - 1, number * TILE_WIDTH, (number + 1) * TILE_WIDTH);
	const [node] = hashes(level, number, number + 1);
	const which = `node ${number} of level ${level}`;
	if (!node || below.length < TILE_WIDTH) {
		throw new MissingRows(`${which}, or some of the hashes below it, are missing`);
	}
	const frontier = createFrontier();
	for (const hash of below) addSubtree(frontier, hash, 0);
	if (rootOf(frontier).equals(node)) return;
	throw new Contradiction(`${which} is not the root of the hashes below it`);
}
