/**
 * The right edge of the tree as the row of the log's end keeps it: the roots that wait for their
 * right sibling, the lowest first. There is one for each 1 among the binary digits of the size.
 */
import { addSubtree, createFrontier, type Frontier } from "../../../../feeds/proof/frontier.ts";
import { HASH_BYTES } from "../../../../feeds/proof/hash.ts";
import { Contradiction } from "../connection/failures.ts";

/** @throws Contradiction if the bytes are not the edge of a tree of so many leaves */
export function readEdge(size: number, edge: Uint8Array): Frontier {
	const heights = heightsOf(size);
	if (edge.length !== heights.length * HASH_BYTES) {
		throw new Contradiction("the edge of the tree is not that of the log's end");
	}
	const frontier = createFrontier();
	// From the left: the largest subtrees first.
	for (let index = heights.length - 1; index >= 0; index--) {
		const root = edge.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
		addSubtree(frontier, root, heights[index] as number);
	}
	return frontier;
}

export function writeEdge({ size, pairs }: Frontier): Buffer {
	const roots = heightsOf(size).map((height) => {
		return (pairs[height] as Buffer).subarray(1, 1 + HASH_BYTES);
	});
	return Buffer.concat(roots);
}

function heightsOf(size: number): number[] {
	const heights: number[] = [];
	for (let [rest, height] = [size, 0]; rest > 0; rest = Math.floor(rest / 2), height++) {
		if (rest % 2 === 1) heights.push(height);
	}
	return heights;
}
