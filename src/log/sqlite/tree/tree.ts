/**
 * The Merkle tree as the writer knows it: its right edge. Each event adds a leaf, and each 256 of
 * them a node for the tiles, in the transaction of the append.
 */
import type Database from "better-sqlite3";
import { addSubtree, createFrontier, type Frontier } from "../../../../feeds/proof/frontier.ts";
import { TILE_HEIGHT, TILE_WIDTH } from "../../../../feeds/proof/tiles.ts";
import * as sql from "../statements.ts";

export class Tree {
	readonly #statements: ReturnType<typeof prepare>;
	#frontier: Frontier = createFrontier();

	constructor(database: Database.Database) {
		this.#statements = prepare(database);
	}

	/** Adds the next event's leaf. */
	add(hash: Buffer): void {
		addSubtree(this.#frontier, hash, 0, this.#onNode);
	}

	/** Learns the right edge from the file: the transaction was undone, or it begins. */
	reset(size: number): void {
		this.#frontier = createFrontier();
		const { nodes, hashes } = this.#statements;
		// From the left: the largest subtrees first.
		for (let level = levelsOf(size); level >= 0; level--) {
			const from = this.#frontier.size / TILE_WIDTH ** level;
			const to = Math.floor(size / TILE_WIDTH ** level);
			const found = level === 0 ? hashes.all(from, to - 1) : nodes.all(level, from, to - 1);
			if (found.length !== to - from) throw new Error(`nodes of level ${level} are missing`);
			for (const hash of found) addSubtree(this.#frontier, hash as Buffer, TILE_HEIGHT * level);
		}
	}

	readonly #onNode = (root: Buffer, height: number) => {
		const number = Math.floor(this.#frontier.size / 2 ** height);
		this.#statements.insertNode.run(height / TILE_HEIGHT, number, root);
	};
}

/** The highest level that has a node in a tree of `size` leaves. */
function levelsOf(size: number): number {
	let level = 0;
	while (TILE_WIDTH ** (level + 1) <= size) level++;
	return level;
}

function prepare(database: Database.Database) {
	return {
		insertNode: database.prepare(sql.INSERT_NODE),
		nodes: database.prepare(sql.SELECT_NODES).pluck(),
		hashes: database.prepare(sql.SELECT_HASHES).pluck(),
	};
}
