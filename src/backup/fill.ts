/**
 * The bulk of a copy, in transactions of a moment each: an interruption loses one of them.
 *
 * The store's WAL starts over only when, between two reads of it, all of it has been moved. One
 * transaction after the other would leave no time for that, so there is a rest where it grows.
 *
 * What is there at any moment is of no moment of the store: of events and streams the first ones,
 * of each stream the first of its entries. `complete()` of copy.ts brings what is missing to that.
 */
import { setTimeout } from "node:timers/promises";
import {
	CHECKPOINT_PAGES,
	type Connection,
	type EntryRow,
	inTransaction,
	type OnEntries,
	type Statement,
} from "../log/sqlite/copies.ts";
import * as copying from "./statements.ts";

/** How long a transaction lasts, with it the store's snapshot. */
const TRANSACTION_MS = 250;

/** Pages of the store's WAL from which on it is given time to start over. */
const WAL_PAGES_MAX = 2 * CHECKPOINT_PAGES;
const REST_MS_MAX = 2000;
const LOOK_MS = 10;

/** Events and streams that may be left to `complete()`: what came while the last were copied. */
export const ROWS_LEFT_MAX = 20_000;

/** Ids of streams that one statement compares. */
const STREAMS_AT_ONCE = 1000;

export type FillOptions = {
	/** Where the rows go; what `main` has is not copied to `newer`. */
	readonly into: copying.CopyTarget;
	/** The last that was copied, wherever it is; -1 for none. */
	lastEvent(): number;
	lastStream(): number;
	/** Lets timers and signals have their turn. */
	yieldTurn(): Promise<void>;
};

export async function fill(database: Connection, options: FillOptions): Promise<void> {
	const { into, lastEvent, lastStream } = options;
	const pause = new Pause(database, options.yieldTurn);
	const events = database.prepare(copying.copyEvents(into));
	const streams = database.prepare(copying.copyStreams(into));
	for (let copiedBefore = Infinity; ; ) {
		const before = lastEvent() + lastStream();
		await inShortTransactions(database, pause, () => events.run(lastEvent()).changes > 0);
		await inShortTransactions(database, pause, () => streams.run(lastStream()).changes > 0);
		await inShortTransactions(database, pause, entriesStep(database, into));
		const copied = lastEvent() + lastStream() - before;
		// Where as much comes meanwhile as is copied, another round would gain nothing.
		if (copied <= ROWS_LEFT_MAX || copied >= copiedBefore) return;
		copiedBefore = copied;
	}
}

/** @returns copies some of the newer entries of all streams; false where those were the last */
export function entriesStep(
	database: Connection,
	into: copying.CopyTarget,
	onEntries?: OnEntries,
): () => boolean {
	const rows = onEntries && database.prepare(copying.newerEntries(into)).raw();
	const entries = database.prepare(copying.copyEntries(into));
	const last = database.prepare(copying.SOURCE_LAST_STREAM).pluck();
	let id = 0;
	return () => {
		const ids = [id, id + STREAMS_AT_ONCE - 1];
		const seen = rows?.all(ids) as EntryRow[] | undefined;
		if (seen) onEntries?.(seen);
		const changes = seen?.length === 0 ? 0 : entries.run(ids).changes;
		if (changes < copying.ENTRIES_AT_ONCE) id += STREAMS_AT_ONCE;
		return id <= (last.get() as number);
	};
}

/** Takes steps until there are no more, and commits every so often. */
async function inShortTransactions(
	database: Connection,
	pause: Pause,
	step: () => boolean,
): Promise<void> {
	for (let more = true; more; ) {
		await inTransaction(database, () => {
			const end = performance.now() + TRANSACTION_MS;
			do more = step();
			while (more && performance.now() < end);
		});
		await pause.wait();
	}
}

/** Waits until the store's WAL has started over, if it is long and somebody moves it. */
class Pause {
	readonly #yieldTurn: () => Promise<void>;
	readonly #walLength: Statement;
	#pagesMax = WAL_PAGES_MAX;

	constructor(database: Connection, yieldTurn: () => Promise<void>) {
		this.#yieldTurn = yieldTurn;
		this.#walLength = database.prepare(copying.SOURCE_WAL_LENGTH).raw();
	}

	async wait(): Promise<void> {
		await this.#yieldTurn();
		const before = this.#pages();
		if (before < this.#pagesMax) return;
		const end = performance.now() + REST_MS_MAX;
		while (this.#pages() >= before && performance.now() < end) {
			await setTimeout(LOOK_MS);
			await this.#yieldTurn();
		}
		// It may be left to another process, or nobody appends: to wait each time would be in vain.
		this.#pagesMax = this.#pages() < before ? WAL_PAGES_MAX : 2 * before;
	}

	#pages(): number {
		const [, pages] = this.#walLength.get() as [busy: number, pages: number, copied: number];
		return pages;
	}
}
