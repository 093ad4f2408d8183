/** The hashes of the tree as the database has them: leaf hashes with their events, nodes apart. */
import {
	addSubtree,
	createFrontier,
	type Frontier,
	rootOf,
} from "../../../../feeds/proof/frontier.ts";
import { levelWidth, TILE_HEIGHT, TILE_WIDTH } from "../../../../feeds/proof/tiles.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { MissingRows } from "../connection/failures.ts";
import * as sql from "../statements.ts";

/** Hashes `from` up to `to` of a level, `to` not included; those that there are. */
export async function fetchHashes(
	database: Database,
	level: number,
	from: number,
	to: number,
	on?: Queryable,
): Promise<Buffer[]> {
	const rows: Row[] = await (level === 0
		? database.rows(sql.SELECT_LEAF_HASHES, [from, to], on)
		: database.rows(sql.SELECT_NODES, [level, from, to], on));
	return rows.map(({ hash }) => hash as Buffer);
}

/**
 * The root over the first `size` events.
 * @throws MissingRows if the log does not reach so far
 */
export async function headAt(database: Database, size: number, on?: Queryable): Promise<TreeHead> {
	return { size, root: rootOf(await frontierAt(database, size, on)) };
}

/** The right edge of the tree over the first events, out of 255 hashes a level at most. */
export async function frontierAt(
	database: Database,
	size: number,
	on?: Queryable,
): Promise<Frontier> {
	const frontier = createFrontier();
	let level = 0;
	while (levelWidth(size, level + 1) > 0) level++;
	// From the left: the largest subtrees first.
	for (; level >= 0; level--) {
		const from = frontier.size / TILE_WIDTH ** level;
		const to = levelWidth(size, level);
		if (to <= from) continue;
		const found = await fetchHashes(database, level, from, to, on);
		if (found.length !== to - from) throw new MissingRows(`hashes of level ${level} are missing`);
		for (const hash of found) addSubtree(frontier, hash, TILE_HEIGHT * level);
	}
	return frontier;
}

/** Whether a log of `size` events begins with the one whose head was signed. */
export async function beginsWith(
	signed: TreeHead,
	size: number,
	headAt: (size: number) => Promise<TreeHead>,
): Promise<boolean> {
	return signed.size <= size && Buffer.compare(signed.root, (await headAt(signed.size)).root) === 0;
}
