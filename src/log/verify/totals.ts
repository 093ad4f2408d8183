/** The blocks in which the events of a log are checked, and the totals of all blocks. */
import { TILE_WIDTH } from "../../../feeds/proof/tiles.ts";
import type { CheckedBlock } from "./events.ts";
import { addSums, createSums, type Span, type Sums } from "./sums.ts";
import type { Report } from "./view.ts";

/** Events read in one go: those of a level-2 node of the tree, half a second's work. */
const BLOCK_EVENTS = 256 * TILE_WIDTH;

export function blocksOf(size: number): Span[] {
	return Array.from({ length: Math.ceil(size / BLOCK_EVENTS) }, (_, block) => ({
		from: block * BLOCK_EVENTS,
		to: Math.min((block + 1) * BLOCK_EVENTS, size),
	}));
}

export class EventTotals {
	/** Of the entries that all events must have. */
	readonly sums: Sums;
	readonly #report: Report;
	#lastCreated = 0;
	#events = 0;
	#erased = 0;

	/** @param size events there are to be checked */
	constructor(size: number, report: Report) {
		this.sums = createSums({ from: 0, to: size });
		this.#report = report;
	}

	get events(): number {
		return this.#events;
	}

	/** Those of them whose content was erased. */
	get erased(): number {
		return this.#erased;
	}

	/** Adds the next block. Its events must not be older than those of the blocks before it. */
	add({ from }: Span, block: CheckedBlock): void {
		if (block.firstCreated < this.#lastCreated) {
			this.#report(`position ${from}: created before the event in front of it`);
		}
		this.#lastCreated = Math.max(this.#lastCreated, block.lastCreated);
		addSums(this.sums, block.sums);
		this.#events += block.events;
		this.#erased += block.erased;
	}
}
