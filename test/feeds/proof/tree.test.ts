import { addSubtree, createFrontier, rootOf, rootOver } from "../../../feeds/proof/frontier.ts";
import { leafHash, nodeHash } from "../../../feeds/proof/hash.ts";
import {
	consistencyProof,
	inclusionProof,
	isConsistent,
	isIncluded,
	type Subtree,
	subtreeOfTiles,
	treeRoot,
} from "../../../feeds/proof/tree.ts";

/** The test vectors of Certificate Transparency: leaves, and the root of the first n of them. */
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"].concat(
	"606162636465666768696a6b6c6d6e6f",
);
const ROOTS = [
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const INCLUSION: readonly [position: number, size: number, proof: readonly string[]][] = [
	[
		0,
		8,
		[
			"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
		],
	],
	[
		5,
		8,
		[
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		],
	],
];
const CONSISTENCY: readonly [older: number, newer: number, proof: readonly string[]][] = [
	[
		6,
		8,
		[
			"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		],
	],
	[
		2,
		5,
		[
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
			"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		],
	],
];

const published = LEAVES.map((leaf) => leafHash(Buffer.from(leaf, "hex")));
/** More than a tile: every shape of its right edge. */
const many = Array.from({ length: 600 }, (_, i) => leafHash(Buffer.from([i >> 8, i & 255])));

describe("the tree", () => {
	test.each(ROOTS.map((root, size) => [size, root]))(
		"of %i leaves has the published root",
		(size, root) => {
			expect(hex(treeRoot(Number(size), subtreesOf(published)))).toBe(root);
			expect(hex(rootOf(frontierOf(published.slice(0, Number(size)))))).toBe(root);
			expect(hex(rootOver(published.slice(0, Number(size))))).toBe(root);
		},
	);

	test.each(INCLUSION)("proves leaf %i of %i as published", (position, size, proof) => {
		expect(inclusionProof(position, size, subtreesOf(published)).map(hex)).toEqual(proof);
	});

	test.each(CONSISTENCY)("proves that %i leaves begin %i as published", (older, newer, proof) => {
		expect(consistencyProof(older, newer, subtreesOf(published)).map(hex)).toEqual(proof);
	});

	test("has one root, however it is computed", () => {
		const frontier = createFrontier();
		const nodes = new Map<string, Buffer>();
		for (const [index, leaf] of many.entries()) {
			nodes.set(`0 ${index}`, leaf);
			addSubtree(frontier, leaf, 0, (root, height) => {
				nodes.set(`${height / 8} ${Math.floor(index / 2 ** height)}`, root);
			});
			const tiles = subtreeOfTiles((level, number) => nodes.get(`${level} ${number}`) as Buffer);
			expect(hex(rootOf(frontier))).toBe(hex(treeRoot(index + 1, tiles)));
		}
		expect(nodes.size).toBe(600 + 2);
	});

	test("proves every leaf of every size, at its own place only", () => {
		const subtrees = subtreesOf(many);
		for (const size of [1, 2, 3, 7, 8, 9, 31, 64, 65]) {
			const root = treeRoot(size, subtrees);
			for (let position = 0; position < size; position++) {
				const proof = inclusionProof(position, size, subtrees);
				const leaf = many[position] as Buffer;
				expect(isIncluded({ position, size, root }, leaf, proof)).toBe(true);
				const other = many[position + 1] as Buffer;
				expect(isIncluded({ position, size, root }, other, proof)).toBe(false);
				for (const elsewhere of [position - 1, position + 1, size]) {
					const at = { position: elsewhere, size, root };
					expect(isIncluded(at, leaf, proof)).toBe(false);
				}
				expect(isIncluded({ position, size, root }, leaf, [...proof, leaf])).toBe(false);
				if (size === 1) continue;
				expect(isIncluded({ position, size, root }, leaf, proof.slice(1))).toBe(false);
				expect(isIncluded({ position, size, root }, leaf, proof.map(flipped))).toBe(false);
			}
		}
	});

	test("proves of any two sizes that one begins the other, and of no fork", () => {
		const subtrees = subtreesOf(many);
		const forked = subtreesOf(many.map((leaf, i) => (i === 3 ? flipped(leaf) : leaf)));
		for (let size = 0; size <= 70; size++) {
			const newer = { size, root: treeRoot(size, subtrees) };
			for (let old = 0; old <= size; old++) {
				const older = { size: old, root: treeRoot(old, subtrees) };
				const proof = consistencyProof(old, size, subtrees);
				expect(isConsistent(older, newer, proof)).toBe(true);
				expect(isConsistent(older, newer, [...proof, newer.root])).toBe(false);
				const other = { size: old, root: treeRoot(old, forked) };
				if (old > 3) expect(isConsistent(other, newer, proof)).toBe(false);
				if (old < size) expect(isConsistent(newer, older, proof)).toBe(false);
			}
		}
	});
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function flipped(hash: Uint8Array): Buffer {
	const copy = Buffer.from(hash);
	copy[5] = (copy[5] as number) ^ 16;
	return copy;
}

function frontierOf(leaves: readonly Buffer[]) {
	const frontier = createFrontier();
	for (const leaf of leaves) addSubtree(frontier, leaf, 0);
	return frontier;
}

/** The definition of RFC 6962, written out. */
function subtreesOf(leaves: readonly Buffer[]): Subtree {
	const subtree: Subtree = (height, index) =>
		height === 0
			? (leaves[index] as Buffer)
			: nodeHash(subtree(height - 1, 2 * index), subtree(height - 1, 2 * index + 1));
	return subtree;
}
