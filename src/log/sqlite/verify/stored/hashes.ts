/** The hashes of the tree as the database has them: leaf hashes with their events, nodes apart. */
import type Database from "better-sqlite3";
import { addSubtree, createFrontier, type Frontier } from "../../../../../feeds/proof/frontier.ts";
import { levelWidth, TILE_HEIGHT, TILE_WIDTH } from "../../../../../feeds/proof/tiles.ts";
import type { Hashes } from "../../../verify/view.ts";
import { MissingRows } from "../../failures.ts";
import * as sql from "../../statements.ts";

export function prepareHashes(database: Database.Database): Hashes {
	const leaves = database.prepare(sql.SELECT_HASHES).pluck();
	const nodes = database.prepare(sql.SELECT_NODES).pluck();
	return (level, from, to) =>
		(level === 0 ? leaves.all(from, to - 1) : nodes.all(level, from, to - 1)) as Uint8Array[];
}

/** The right edge of the tree over the first `size` events: 255 hashes a level at most. */
export function frontierOf(size: number, hashes: Hashes): Frontier {
	const frontier = createFrontier();
	let level = 0;
	while (levelWidth(size, level + 1) > 0) level++;
	// From the left: the largest subtrees first.
	for (; level >= 0; level--) {
		const from = frontier.size / TILE_WIDTH ** level;
		const to = levelWidth(size, level);
		const found = hashes(level, from, to);
		if (found.length !== to - from) throw new MissingRows(`hashes of level ${level} are missing`);
		for (const hash of found) addSubtree(frontier, hash, TILE_HEIGHT * level);
	}
	return frontier;
}
