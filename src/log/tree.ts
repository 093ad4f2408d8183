/**
 * The log as a Merkle tree, as it is shown to whoever checks it: see docs/proofs.md. Its leaves are
 * the events by position; what is in it never changes.
 */
import type { Tile } from "../../feeds/proof/tiles.ts";

export interface LogTree {
	/** The key that signed heads are checked with: `name+id+key`. */
	readonly key: string;

	/**
	 * What is damaged, where the log cannot be held against what was signed last, or differs from it
	 * by that: then it is signed for no more, and must not be appended to.
	 */
	readonly damage: string | undefined;

	/**
	 * The signed head of all events there are; all of it is of one moment.
	 * @throws Refusal `log-damaged`
	 */
	signedHead(): Promise<string>;

	/**
	 * The hashes of a tile, or the leaves of a bundle with two bytes of length before each.
	 * @returns undefined where the log does not reach so far
	 * @throws Refusal `log-damaged`
	 */
	tile(tile: Tile): Promise<Buffer | undefined>;

	close(): void;
}
