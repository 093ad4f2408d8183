/**
 * The right edge of a growing tree: the roots of the full subtrees its leaves fall into, largest
 * first. That is all one needs to add a leaf, and to know the root; a tree of 2⁴⁰ leaves has 40 at
 * most.
 */
import { nodeHash, sha256 } from "./hash.ts";

export type Frontier = {
	/** How many leaves the tree has. */
	size: number;
	/** One for each binary digit 1 of the size. */
	readonly roots: Buffer[];
};

export function createFrontier(): Frontier {
	return { size: 0, roots: [] };
}

/**
 * Adds a full subtree at the end; for a leaf, of height 0.
 * @param height the size of the tree must be a multiple of 2^height
 * @param onNode told of each full subtree that this completes, by its height
 */
export function addSubtree(
	frontier: Frontier,
	root: Buffer,
	height: number,
	onNode?: (root: Buffer, height: number) => void,
): void {
	const { roots } = frontier;
	const width = 2 ** height;
	let node = root;
	// As when one is added to a binary number, each digit 1 carries over into the next.
	let carried = frontier.size / width;
	let level = height;
	while (carried % 2 === 1) {
		node = nodeHash(roots.pop() as Buffer, node);
		carried = (carried - 1) / 2;
		level++;
		onNode?.(node, level);
	}
	roots.push(node);
	frontier.size += width;
}

/** The root of the whole tree (RFC 6962 section 2.1). */
export function rootOf({ roots }: Frontier): Buffer {
	const last = roots.at(-1);
	// The hash of no bytes at all stands for a tree without leaves.
	if (!last) return sha256(new Uint8Array(0));
	let root = last;
	for (let i = roots.length - 2; i >= 0; i--) root = nodeHash(roots[i] as Buffer, root);
	return root;
}
