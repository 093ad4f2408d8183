/** The tree as it is stored: signed for, and handed out in tiles, unless it is damaged. */
import { setImmediate } from "node:timers/promises";
import type Database from "better-sqlite3";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { formatKey } from "../../../../feeds/proof/note.ts";
import { levelWidth, TILE_WIDTH, type Tile, tilePath } from "../../../../feeds/proof/tiles.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { LogTree } from "../../tree.ts";
import { leafOf } from "../../verify/event.ts";
import type { Hashes, StoredEvent } from "../../verify/view.ts";
import { Contradiction, causeOf, isUnreadable, MissingRows, refusalOr } from "../failures.ts";
import { requireEdge, requireLeaf, requireTile } from "../verify/served.ts";
import { prepareSize, prepareSizeByStreams } from "../verify/stored/end.ts";
import { StoredEvents } from "../verify/stored/events.ts";
import { frontierOf, prepareHashes } from "../verify/stored/hashes.ts";
import { namesIn } from "../verify/stored/names.ts";
import type { Signer } from "./signer.ts";

/** Content hashed in one go, a few milliseconds' worth; others get their turn in between. */
const STEP_BYTES = 2 * 1024 * 1024;

export class StoredTree implements LogTree {
	readonly key: string;
	readonly damage: string | undefined;
	readonly #database: Database.Database;
	readonly #signer: Signer;
	readonly #events: StoredEvents;
	readonly #hashes: Hashes;
	readonly #size: () => number;
	readonly #onClose: () => void;
	/** Of all events; in a transaction, so of one snapshot. */
	readonly #head: () => TreeHead;

	/**
	 * @param database open for reading; it is closed with the tree
	 * @param onClose called after that
	 * @throws Refusal `history-rewound`
	 */
	constructor(database: Database.Database, signer: Signer, onClose: () => void = () => {}) {
		this.#onClose = onClose;
		this.#database = database;
		this.#signer = signer;
		this.#events = new StoredEvents(database, namesIn(database));
		this.#hashes = prepareHashes(database);
		this.#size = prepareSize(database);
		this.#head = database.transaction(() => this.#headAt(this.#size()));
		this.key = formatKey(signer.key);
		this.damage = this.#damage();
	}

	async signedHead(): Promise<string> {
		const part = "the right edge of its tree";
		if (this.damage !== undefined) {
			throw new Refusal("log-damaged", { part, reason: this.damage });
		}
		try {
			return this.#signer.sign(this.#head(), (size) => this.#headAt(size));
		} catch (error) {
			throw refusalOr(error, part);
		}
	}

	async tile(tile: Tile): Promise<Buffer | undefined> {
		const level = tile.level === "entries" ? 0 : tile.level;
		const end = tile.number * TILE_WIDTH + tile.width;
		try {
			if (end > levelWidth(this.#size(), level)) return undefined;
			return tile.level === "entries" ? await this.#bundle(tile) : this.#tile(level, tile);
		} catch (error) {
			throw refusalOr(error, `tile ${tilePath(tile)} of its tree`);
		}
	}

	async leaf(position: number): Promise<Buffer | undefined> {
		try {
			for (const event of this.#events.read(position, position + 1)) return checkedLeaf(event);
			return undefined;
		} catch (error) {
			throw refusalOr(error, `the leaf of event ${position} in its tree`);
		}
	}

	close(): void {
		this.#database.close();
		this.#onClose();
	}

	#headAt(size: number): TreeHead {
		return { size, root: rootOf(frontierOf(size, this.#hashes)) };
	}

	/** The damage that keeps the log from being compared with the last signed head, if any. */
	#damage(): string | undefined {
		try {
			this.#refuseRewound();
			return undefined;
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			return causeOf(error);
		}
	}

	/** A log that is damaged must not be taken for another history. */
	#refuseRewound(): void {
		try {
			this.#signer.refuseRewound(this.#size, (size) => this.#headAt(size));
		} catch (error) {
			if (isRefusal(error, "history-rewound")) this.#refuseDamaged(error.facts);
			throw error;
		}
	}

	/** @throws Contradiction if events of the signed head are damaged, or the log has lost its end */
	#refuseDamaged({ signed, size }: { readonly signed: number; readonly size: number }): void {
		if (signed <= size) {
			requireEdge(signed, this.#events, this.#hashes);
			return;
		}
		// Its end may be missing in one place and not in the other.
		const inStreams = prepareSizeByStreams(this.#database)();
		if (inStreams <= size) return;
		throw new Contradiction(`its streams have ${inStreams} events, of which it shows ${size}`);
	}

	#tile(level: number, { number, width }: Tile): Buffer {
		const from = number * TILE_WIDTH;
		const found = this.#hashes(level, from, from + width);
		if (found.length < width) throw new MissingRows("some of its hashes are missing");
		// Clients keep a tile for ever; with a damaged hash they could prove nothing in it.
		if (width === TILE_WIDTH) requireTile(level, number, found, this.#hashes);
		return Buffer.concat(found);
	}

	/** The leaves of a tile, with two bytes of length before each. */
	async #bundle({ number, width }: Tile): Promise<Buffer> {
		const parts: Buffer[] = [];
		const from = number * TILE_WIDTH;
		let bytes = 0;
		for (const event of this.#events.read(from, from + width)) {
			const leaf = checkedLeaf(event);
			const length = Buffer.alloc(2);
			length.writeUInt16BE(leaf.length);
			parts.push(length, leaf);
			bytes += event.data.length + event.metadata.length;
			if (bytes < STEP_BYTES) continue;
			bytes = 0;
			await setImmediate();
			if (!this.#database.open) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		}
		if (parts.length < 2 * width) throw new MissingRows("some of its leaves are missing");
		return Buffer.concat(parts);
	}
}

/** @throws Contradiction if the event has another hash */
function checkedLeaf(event: StoredEvent): Buffer {
	const leaf = leafOf(event);
	requireLeaf(event, leaf);
	return leaf;
}
