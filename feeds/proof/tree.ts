/**
 * Roots and proofs of a Merkle tree (RFC 6962 section 2.1). They are made from the roots of its
 * full subtrees, and checked (RFC 9162 sections 2.1.3.2 and 2.1.4.2) with the proof alone.
 */
import { HASH_BYTES, nodeHash, sha256 } from "./hash.ts";
import { TILE_HEIGHT } from "./tiles.ts";

/** The root of the full subtree over the 2^height leaves from index × 2^height on. */
export type Subtree = (height: number, index: number) => Uint8Array;

/** @param hash the hash `number` of a level of tiles */
export function subtreeOfTiles(hash: (level: number, number: number) => Uint8Array): Subtree {
	const subtree: Subtree = (height, index) => {
		if (height % TILE_HEIGHT === 0) return hash(height / TILE_HEIGHT, index);
		return nodeHash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1));
	};
	return subtree;
}

/** The root of a tree of `size` leaves. */
export function treeRoot(size: number, subtree: Subtree): Uint8Array {
	// The root of a tree without leaves is the hash of no bytes.
	return size === 0 ? sha256(new Uint8Array(0)) : rangeRoot(0, size, subtree);
}

/** The hashes that lead from a leaf up to the root, the leaf's sibling first. */
export function inclusionProof(position: number, size: number, subtree: Subtree): Uint8Array[] {
	return path(position, 0, size, subtree);
}

/** The hashes that prove that a tree of `size` leaves begins with the tree of `old` leaves. */
export function consistencyProof(old: number, size: number, subtree: Subtree): Uint8Array[] {
	return old === 0 ? [] : subproof(old, 0, size, true, subtree);
}

/** Whether the leaf stands at `position` of the tree of `size` leaves that has this root. */
export function isIncluded(
	{ position, size, root }: { position: number; size: number; root: Uint8Array },
	leafHash: Uint8Array,
	proof: readonly Uint8Array[],
): boolean {
	if (!(position >= 0 && position < size) || !areHashes(proof)) return false;
	let [at, last] = [position, size - 1];
	let hash = leafHash;
	for (const sibling of proof) {
		if (last === 0) return false;
		if (at % 2 === 1 || at === last) {
			hash = nodeHash(sibling, hash);
			while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
		} else hash = nodeHash(hash, sibling);
		[at, last] = [half(at), half(last)];
	}
	return last === 0 && areEqual(hash, root);
}

export type TreeHead = { readonly size: number; readonly root: Uint8Array };

/** Whether the tree `newer` begins with the whole of the tree `older`. */
export function isConsistent(
	older: TreeHead,
	newer: TreeHead,
	proof: readonly Uint8Array[],
): boolean {
	if (older.size > newer.size || !areHashes(proof)) return false;
	if (older.size === newer.size) return proof.length === 0 && areEqual(older.root, newer.root);
	if (older.size === 0) return proof.length === 0 && areEqual(older.root, treeRoot(0, none));
	const isFull = Number.isInteger(Math.log2(older.size));
	const [first, ...rest] = isFull ? [older.root, ...proof] : proof;
	if (!first) return false;
	let [at, last] = [older.size - 1, newer.size - 1];
	while (at % 2 === 1) [at, last] = [half(at), half(last)];
	let [old, now] = [first, first];
	for (const hash of rest) {
		if (last === 0) return false;
		if (at % 2 === 1 || at === last) {
			old = nodeHash(hash, old);
			now = nodeHash(hash, now);
			while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, half(last)];
		} else now = nodeHash(now, hash);
		[at, last] = [half(at), half(last)];
	}
	return last === 0 && areEqual(old, older.root) && areEqual(now, newer.root);
}

/** MTH(D[from:to]); `from` is a multiple of the largest power of 2 below `to - from`. */
function rangeRoot(from: number, to: number, subtree: Subtree): Uint8Array {
	const height = Math.log2(to - from);
	if (Number.isInteger(height)) return subtree(height, from / 2 ** height);
	const middle = from + split(to - from);
	return nodeHash(rangeRoot(from, middle, subtree), rangeRoot(middle, to, subtree));
}

/** PATH(position, D[from:to]) */
function path(position: number, from: number, to: number, subtree: Subtree): Uint8Array[] {
	if (to - from === 1) return [];
	const middle = from + split(to - from);
	return position < middle
		? [...path(position, from, middle, subtree), rangeRoot(middle, to, subtree)]
		: [...path(position, middle, to, subtree), rangeRoot(from, middle, subtree)];
}

/** SUBPROOF(old, D[from:to], isWhole), where `old` counts from the start of the tree. */
function subproof(
	old: number,
	from: number,
	to: number,
	isWhole: boolean,
	subtree: Subtree,
): Uint8Array[] {
	if (old === to) return isWhole ? [] : [rangeRoot(from, to, subtree)];
	const middle = from + split(to - from);
	return old <= middle
		? [...subproof(old, from, middle, isWhole, subtree), rangeRoot(middle, to, subtree)]
		: [...subproof(old, middle, to, false, subtree), rangeRoot(from, middle, subtree)];
}

/** The largest power of 2 below `count`. */
function split(count: number): number {
	let width = 1;
	while (width * 2 < count) width *= 2;
	return width;
}

function half(number: number): number {
	return Math.floor(number / 2);
}

function areHashes(proof: readonly Uint8Array[]): boolean {
	return proof.every((hash) => hash.length === HASH_BYTES);
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
	return Buffer.compare(one, other) === 0;
}

const none: Subtree = () => {
	throw new Error("a tree without leaves has no subtrees");
};
