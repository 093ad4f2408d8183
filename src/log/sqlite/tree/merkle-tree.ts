/**
 * The Merkle tree as the writer knows it: its right edge. Each event adds a leaf, and each 256 of
 * them a node for the tiles, in the transaction of the append.
 */
import type Database from "better-sqlite3";
import { addSubtree, createFrontier, type Frontier } from "../../../../feeds/proof/frontier.ts";
import { TILE_HEIGHT } from "../../../../feeds/proof/tiles.ts";
import type { Hashes } from "../../verify/view.ts";
import * as sql from "../statements.ts";
import { frontierOf, prepareHashes } from "../verify/stored/hashes.ts";

export class MerkleTree {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #hashes: Hashes;
	#frontier: Frontier = createFrontier();

	constructor(database: Database.Database) {
		this.#hashes = prepareHashes(database);
		this.#statements = prepare(database);
	}

	/** Adds the next event's leaf. */
	add(hash: Buffer): void {
		addSubtree(this.#frontier, hash, 0, this.#onNode);
	}

	/** Learns the right edge from the file: the transaction was undone, or it begins. */
	reset(size: number): void {
		this.#frontier = frontierOf(size, this.#hashes);
	}

	readonly #onNode = (root: Buffer, height: number) => {
		const number = Math.floor(this.#frontier.size / 2 ** height);
		this.#statements.insertNode.run(height / TILE_HEIGHT, number, root);
	};
}

function prepare(database: Database.Database) {
	return { insertNode: database.prepare(sql.INSERT_NODE) };
}
