/** The rule for the nodes of the tree: each is the root of the 256 hashes below it. */
import { rootOver } from "../../../feeds/proof/frontier.ts";
import { levelWidth, TILE_WIDTH } from "../../../feeds/proof/tiles.ts";
import { isAsHashed, withoutItsHash } from "./event.ts";
import type { Span } from "./sums.ts";
import type { Hashes, LogView, Report, StoredEvent } from "./view.ts";

/** Whether a node is the root of the hashes of its tile. */
export function isNodeOver(node: Uint8Array | undefined, below: readonly Uint8Array[]): boolean {
	return (
		node !== undefined && below.length === TILE_WIDTH && Buffer.compare(node, rootOver(below)) === 0
	);
}

/** Checks nodes of a level against those of the level below it. */
export function checkNodes(
	hashes: Hashes,
	level: number,
	{ from, to }: Span,
	report: Report,
): void {
	for (let number = from; number < to; number++) {
		const [node] = hashes(level, number, number + 1);
		const below = hashes(level - 1, number * TILE_WIDTH, (number + 1) * TILE_WIDTH);
		if (isNodeOver(node, below)) continue;
		report(`node ${number} of level ${level} is not the root of those below it`);
	}
}

/** Checks the nodes from level 2 on. Those of level 1 are checked with their events. */
export function checkUpperNodes({ hashes }: LogView, size: number, report: Report): void {
	if (!hashes) return;
	for (let level = 2; levelWidth(size, level) > 0; level++) {
		checkNodes(hashes, level, { from: 0, to: levelWidth(size, level) }, report);
	}
}

/**
 * Checks the hashes that make the root of the first `size` events: 255 hashes a level at most. One
 * level down is enough: if a hash below is damaged as well, the one above it does not agree with
 * it.
 * @param events those behind the last full tile
 */
export function checkEdge(
	size: number,
	events: Iterable<StoredEvent>,
	hashes: Hashes,
	report: Report,
): void {
	for (const event of events) {
		if (!isAsHashed(event)) report(withoutItsHash(event.position));
	}
	for (let level = 1; levelWidth(size, level) > 0; level++) {
		const to = levelWidth(size, level);
		checkNodes(hashes, level, { from: to - (to % TILE_WIDTH), to }, report);
	}
}
