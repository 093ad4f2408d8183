/**
 * The log as a Merkle tree, for programs that check it: see docs/proofs.md. Its leaves are the
 * events by position. Once a leaf or a node is in the tree, it never changes.
 */
import type { Tile } from "../../feeds/proof/tiles.ts";

export interface LogTree {
	/** The key that signed heads are checked with: `name+id+key`. */
	readonly key: string;

	/**
	 * The damage, in words, if damage keeps the log from being compared with the last signed head, or
	 * makes it differ. Then the log signs nothing more, and nothing may be appended to it.
	 */
	readonly damage: string | undefined;

	/**
	 * The signed head of all events there are; all of it is of one moment. It waits for no listener
	 * of the log, so it may be ahead of what `Log.read` shows: a client that asks for the newest of
	 * its events may have to ask again.
	 * @throws Refusal `log-damaged`
	 */
	signedHead(): Promise<string>;

	/**
	 * The hashes of a tile, or the leaves of a bundle with two bytes of length before each.
	 * @returns undefined if the log does not reach so far
	 * @throws Refusal `log-damaged`
	 */
	tile(tile: Tile): Promise<Buffer | undefined>;

	/**
	 * The leaf of one event.
	 * @returns undefined if the log does not reach so far
	 * @throws Refusal `log-damaged`
	 */
	leaf(position: number): Promise<Buffer | undefined>;

	close(): void;
}

/** The name of a log, with which its key begins; a new history has a new one. */
export function logNameOf(key: string): string {
	return key.slice(0, key.indexOf("+"));
}
