/**
 * Holds each event against its hash, and each 256 hashes against the node above them. If they
 * differ, the node tells whether the event or its hash is damaged.
 */
import { TILE_WIDTH } from "../../../feeds/proof/tiles.ts";
import { expectedHash, isAsHashed, notAppended } from "./event.ts";
import { isNodeOver } from "./nodes.ts";
import type { Hashes, Report, StoredEvent } from "./view.ts";

export class TileCheck {
	readonly #nodes: Hashes | undefined;
	readonly #report: Report;
	/** The tile whose events are being shown; -1 before the first. */
	#tile = -1;
	#hashes: Uint8Array[] = [];
	#differing: StoredEvent[] = [];

	/** @param nodes undefined if the engine keeps no tree */
	constructor(nodes: Hashes | undefined, report: Report) {
		this.#nodes = nodes;
		this.#report = report;
	}

	/** Events come by position. One without a hash is left out. */
	see(event: StoredEvent): void {
		const { position, hash } = event;
		if (!hash) return;
		const tile = Math.floor(position / TILE_WIDTH);
		if (tile !== this.#tile) {
			this.end();
			this.#tile = tile;
		}
		this.#hashes.push(hash);
		if (!isAsHashed(event)) this.#differing.push(event);
	}

	/** Checks the tile that was shown last: no more of its events will come. */
	end(): void {
		if (this.#tile < 0) return;
		const isFull = this.#hashes.length === TILE_WIDTH;
		const node = isFull ? this.#nodes?.(1, this.#tile, this.#tile + 1)[0] : undefined;
		const isNode = isNodeOver(node, this.#hashes);
		const isRepaired = !isNode && node !== undefined && isNodeOver(node, this.#repaired());
		for (const event of this.#differing) {
			this.#report(isRepaired ? withAnotherHash(event) : notAppended(event));
		}
		if (isFull && this.#nodes && !isNode && !isRepaired) this.#report(this.#nodeFault(node));
		this.#tile = -1;
		this.#hashes = [];
		this.#differing = [];
	}

	/** The hashes of the tile, had each event the one that belongs to it. */
	#repaired(): Uint8Array[] {
		const hashes = [...this.#hashes];
		for (const event of this.#differing) {
			hashes[event.position % TILE_WIDTH] = expectedHash(event);
		}
		return hashes;
	}

	#nodeFault(node: Uint8Array | undefined): string {
		const first = this.#tile * TILE_WIDTH;
		const what = node ? "is not the root of" : "is missing above";
		const positions = `positions ${first} to ${first + TILE_WIDTH - 1}`;
		return `node ${this.#tile} of level 1 ${what} the hashes of ${positions}`;
	}
}

/** The fault of an event whose own hash is damaged: the node above is the root of what it holds. */
function withAnotherHash({ position, version, stream }: StoredEvent): string {
	const which = `position ${position}: version ${version} of ${stream}`;
	return `${which} is as it was appended, and its hash is not`;
}
