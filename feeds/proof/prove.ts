/** Makes proofs from a signed head and tiles, of a server or of files. */

import { ProofError } from "./error.ts";
import { HASH_BYTES } from "./hash.ts";
import { formatConsistency, formatInclusion } from "./proof.ts";
import { readCheckpoint } from "./signed-head.ts";
import { TILE_WIDTH, type Tile, tileOf, tilePath } from "./tiles.ts";
import { consistencyProof, inclusionProof, type Subtree, subtreeOfTiles } from "./tree.ts";

/** Gets the bytes of a tile. Its errors are passed on. */
export type TileSource = (tile: Tile) => Promise<Uint8Array>;

/**
 * Makes the proof that an event is in the log of a signed head. It checks nothing: check the proof.
 * @throws ProofError if the log is too short, or its tiles cannot be read
 */
export async function proveInclusion(
	position: number,
	signedHead: string,
	source: TileSource,
): Promise<string> {
	const { size } = readCheckpoint(signedHead);
	if (position >= size) {
		throw new ProofError(`the log has ${size} events, and none at position ${position}`);
	}
	const tile = tileOf(0, position, size);
	const bundle = await source({ ...tile, level: "entries" });
	const leaf = leavesOf(bundle)[position % TILE_WIDTH];
	if (!leaf) throw new ProofError(`the bundle of leaves has none for position ${position}`);
	return proveLeaf({ position, leaf }, signedHead, source);
}

/**
 * As `proveInclusion`, for whoever has the leaf: a bundle has those of all events of a tile.
 * @throws ProofError if the log is too short, or its tiles cannot be read
 */
export async function proveLeaf(
	{ position, leaf }: { readonly position: number; readonly leaf: Uint8Array },
	signedHead: string,
	source: TileSource,
): Promise<string> {
	const { size } = readCheckpoint(signedHead);
	if (position >= size) {
		throw new ProofError(`the log has ${size} events, and none at position ${position}`);
	}
	const hashes = await withTiles(size, source, (tree) => inclusionProof(position, size, tree));
	return formatInclusion({ position, leaf, hashes }, signedHead);
}

/**
 * Makes the proof that the log of a signed head begins with the log of an older one.
 * @param old the number of events of the older one
 * @throws ProofError if the log is shorter, or its tiles cannot be read
 */
export async function proveConsistency(
	old: number,
	signedHead: string,
	source: TileSource,
): Promise<string> {
	const { size } = readCheckpoint(signedHead);
	if (old > size) throw new ProofError(`the log has ${size} events, but had ${old} before`);
	const hashes = await withTiles(size, source, (tree) => consistencyProof(old, size, tree));
	return formatConsistency(old, hashes, signedHead);
}

/** The leaves of a bundle: two bytes of length before each. */
export function leavesOf(bundle: Uint8Array): Uint8Array[] {
	const leaves: Uint8Array[] = [];
	for (let at = 0; at < bundle.length; ) {
		const start = at + 2;
		at = start + (bundle[at] as number) * 256 + (bundle[at + 1] ?? 0);
		if (at > bundle.length) throw new ProofError("a bundle of leaves ends too early");
		leaves.push(bundle.subarray(start, at));
	}
	return leaves;
}

/** Runs `make` twice: first to learn which tiles it needs, then with these tiles. */
async function withTiles<T>(
	size: number,
	source: TileSource,
	make: (subtree: Subtree) => T,
): Promise<T> {
	const needed = new Map<string, Tile>();
	const blank = new Uint8Array(HASH_BYTES);
	const note = (level: number, number: number) => {
		const tile = tileOf(level, number, size);
		needed.set(tilePath(tile), tile);
		return blank;
	};
	make(subtreeOfTiles(note));

	const found = new Map<string, Uint8Array>();
	const fetch = async (path: string, tile: Tile) => {
		const bytes = await source(tile);
		if (bytes.length !== tile.width * HASH_BYTES) {
			throw new ProofError(`tile ${path} has ${bytes.length} bytes`);
		}
		found.set(path, bytes);
	};
	await Promise.all([...needed].map(([path, tile]) => fetch(path, tile)));

	const hash = (level: number, number: number) => {
		const bytes = found.get(tilePath(tileOf(level, number, size))) ?? blank;
		const at = (number % TILE_WIDTH) * HASH_BYTES;
		return bytes.subarray(at, at + HASH_BYTES);
	};
	return make(subtreeOfTiles(hash));
}
