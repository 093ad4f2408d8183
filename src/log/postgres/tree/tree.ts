/** The tree over a log in a database: signed for, and handed out in tiles. */
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { formatKey } from "../../../../feeds/proof/note.ts";
import { levelWidth, TILE_WIDTH, type Tile, tilePath } from "../../../../feeds/proof/tiles.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import type { LogTree } from "../../tree.ts";
import { isHashOfLeaf, leafOf, withoutItsHash } from "../../verify/event.ts";
import { isNodeOver } from "../../verify/nodes.ts";
import type { StoredEvent } from "../../verify/view.ts";
import type { Database, Row } from "../connection/database.ts";
import { Contradiction, MissingRows, present, refusalOr } from "../connection/failures.ts";
import type { Follower } from "../following/follower.ts";
import { heardOf } from "../following/heard.ts";
import { readEdge } from "../hashes/edge.ts";
import { fetchHashes, headAt } from "../hashes/hashes.ts";
import type { SeenHistory } from "../start/history.ts";
import * as sql from "../statements.ts";
import { fetchStored } from "../verify/stored.ts";
import type { Signer } from "./signer.ts";

export type TreeParts = {
	readonly database: Database;
	readonly signer: Signer;
	readonly seen: SeenHistory;
	/** Nothing is signed for or handed out before the listeners have heard of it. */
	readonly follower: Follower;
};

export class StoredTree implements LogTree {
	readonly key: string;
	readonly damage = undefined;
	readonly #database: Database;
	readonly #signer: Signer;
	readonly #seen: SeenHistory;
	readonly #follower: Follower;

	constructor({ database, signer, seen, follower }: TreeParts) {
		this.#database = database;
		this.#signer = signer;
		this.#seen = seen;
		this.#follower = follower;
		this.key = formatKey(signer.key);
	}

	async signedHead(): Promise<string> {
		try {
			const head = await this.#head();
			const kept = this.#signer.noteAt(head.size);
			if (kept !== undefined) return kept;
			const note = await this.#signer.sign(head, (size) => headAt(this.#database, size));
			// Before any client sees it: what a node has signed for, it knows when it starts again.
			await this.#seen.note(head);
			await this.#database.rows(sql.KEEP_CHECKPOINT, [note]);
			return note;
		} catch (error) {
			throw refusalOr(error, "the right edge of its tree");
		}
	}

	async tile(tile: Tile): Promise<Buffer | undefined> {
		const level = tile.level === "entries" ? 0 : tile.level;
		const end = tile.number * TILE_WIDTH + tile.width;
		try {
			if (end > levelWidth(Number((await this.#end()).next), level)) return undefined;
			return await (tile.level === "entries" ? this.#bundle(tile) : this.#tile(level, tile));
		} catch (error) {
			throw refusalOr(error, `tile ${tilePath(tile)} of its tree`);
		}
	}

	async leaf(position: number): Promise<Buffer | undefined> {
		try {
			const [event] = await fetchStored(this.#database, position, position + 1);
			if (event) await this.#follower.reached({ next: position + 1, erasures: 0 });
			return event && checkedLeaf(event);
		} catch (error) {
			throw refusalOr(error, `the leaf of event ${position} in its tree`);
		}
	}

	close(): void {}

	async #head(): Promise<TreeHead> {
		const { next, edge } = await this.#end();
		return { size: Number(next), root: rootOf(readEdge(Number(next), edge as Buffer)) };
	}

	async #end(): Promise<Row> {
		const [row] = await this.#database.rows(sql.SELECT_END);
		const end = present(row, "the end of the log");
		await this.#follower.reached(heardOf(end));
		return end;
	}

	async #tile(level: number, { number, width }: Tile): Promise<Buffer> {
		const from = number * TILE_WIDTH;
		const found = await fetchHashes(this.#database, level, from, from + width);
		if (found.length < width) throw new MissingRows("some of its hashes are missing");
		// Clients keep a tile for ever; with a damaged hash they could prove nothing in it.
		if (width === TILE_WIDTH) {
			const [node] = await fetchHashes(this.#database, level + 1, number, number + 1);
			if (node && !isNodeOver(node, found)) {
				const which = `node ${number} of level ${level + 1}`;
				throw new Contradiction(`${which} is not the root of those below it`);
			}
		}
		return Buffer.concat(found);
	}

	/** The leaves of a tile, with two bytes of length before each. */
	async #bundle({ number, width }: Tile): Promise<Buffer> {
		const parts: Buffer[] = [];
		const to = number * TILE_WIDTH + width;
		for (let from = number * TILE_WIDTH; from < to; ) {
			const events = await fetchStored(this.#database, from, to);
			if (events.length === 0) throw new MissingRows("some of its leaves are missing");
			for (const event of events) {
				const leaf = checkedLeaf(event);
				const length = Buffer.alloc(2);
				length.writeUInt16BE(leaf.length);
				parts.push(length, leaf);
			}
			from += events.length;
		}
		return Buffer.concat(parts);
	}
}

/** @throws Contradiction if the event has another hash */
function checkedLeaf(event: StoredEvent): Buffer {
	const leaf = leafOf(event);
	if (!event.hash || !isHashOfLeaf(event.hash, leaf)) {
		throw new Contradiction(withoutItsHash(event.position));
	}
	return leaf;
}
