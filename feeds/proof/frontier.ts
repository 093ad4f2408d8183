/**
 * The right edge of a growing tree: for each height, the root of the full subtree that waits for
 * its right sibling. This is enough to add a leaf and to compute the root. A tree of 2⁴⁰ leaves has
 * at most 40 such roots.
 */
import { HASH_BYTES, NODE_PREFIX, nodeHash, sha256, sha256Text } from "./hash.ts";
import { TILE_HEIGHT } from "./tiles.ts";

export type Frontier = {
	/** The number of leaves. If its binary digit n is 1, a root of height n waits. */
	size: number;
	/** By height: `0x01`, the root that waits, and room for its sibling; ready to be hashed. */
	readonly pairs: Buffer[];
};

export function createFrontier(): Frontier {
	return { size: 0, pairs: [] };
}

/**
 * Adds a full subtree at the end. A leaf is a subtree of height 0.
 * @param height the size of the tree must be a multiple of 2^height
 * @param onNode called with each completed root that a tile shows, and its height
 */
export function addSubtree(
	frontier: Frontier,
	root: Uint8Array,
	height: number,
	onNode?: (root: Buffer, height: number) => void,
): void {
	const width = 2 ** height;
	let pair = pairAt(frontier, height);
	// As in adding 1 to a binary number, each digit 1 carries over into the next.
	let digits = frontier.size / width;
	if (digits % 2 === 0) {
		pair.set(root, 1);
	} else {
		pair.set(root, 1 + HASH_BYTES);
		let at = height;
		do {
			const text = sha256Text(pair);
			digits = (digits - 1) / 2;
			at++;
			if (onNode && at % TILE_HEIGHT === 0) onNode(Buffer.from(text, "latin1"), at);
			pair = pairAt(frontier, at);
			pair.write(text, digits % 2 === 0 ? 1 : 1 + HASH_BYTES, HASH_BYTES, "latin1");
		} while (digits % 2 === 1);
	}
	frontier.size += width;
}

/** The root of the whole tree (RFC 6962 section 2.1). */
export function rootOf({ size, pairs }: Frontier): Buffer {
	let root: Buffer | undefined;
	for (const [height, pair] of pairs.entries()) {
		if (Math.floor(size / 2 ** height) % 2 === 0) continue;
		const left = Buffer.from(pair.subarray(1, 1 + HASH_BYTES));
		root = root ? nodeHash(left, root) : left;
	}
	// The root of a tree without leaves is the hash of no bytes.
	return root ?? sha256(new Uint8Array(0));
}

/** The root of the tree whose leaves are these hashes: that of a tile, over the hashes in it. */
export function rootOver(hashes: Iterable<Uint8Array>): Buffer {
	const frontier = createFrontier();
	for (const hash of hashes) addSubtree(frontier, hash, 0);
	return rootOf(frontier);
}

function pairAt({ pairs }: Frontier, height: number): Buffer {
	while (pairs.length <= height) {
		const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
		pair[0] = NODE_PREFIX;
		pairs.push(pair);
	}
	return pairs[height] as Buffer;
}
