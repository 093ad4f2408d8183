/**
 * The bulk of a copy, in transactions of a moment each: an interruption loses one of them.
 *
 * The source's WAL starts over only if, between two reads of it, a checkpoint has moved all of it.
 * One transaction after the other would leave no time for that, so the copy pauses if the WAL
 * grows.
 *
 * Until `complete()` of copy.ts, the copy equals the source at no moment: it has the first events
 * and streams, and of each stream the first entries.
 */
import { setTimeout } from "node:timers/promises";
import {
	CHECKPOINT_PAGES,
	type Connection,
	type EntryRow,
	inTransaction,
	isReadOnlyMedium,
	type OnEntries,
	type Statement,
} from "../log/sqlite/copies.ts";
import * as copying from "./statements.ts";

/** How long a transaction lasts, and with it the snapshot of the source. */
const TRANSACTION_MS = 250;

/** From this many pages on, the source's WAL gets time to start over. */
const WAL_PAGES_MAX = 2 * CHECKPOINT_PAGES;
const REST_MS_MAX = 2000;
const LOOK_MS = 10;

/** Events and streams that may be left to `complete()`: those that came during the last round. */
export const ROWS_LEFT_MAX = 20_000;

/** Ids of streams that one statement compares. */
const STREAMS_AT_ONCE = 1000;

export type FillOptions = {
	/** Where the rows go; rows that `main` has are not copied to `newer`. */
	readonly into: copying.CopyTarget;
	/** The last copied event, in `main` or `newer`; -1 for none. */
	lastEvent(): number;
	lastStream(): number;
	/** Lets timers and signals have their turn. */
	yieldTurn(): Promise<void>;
};

export async function fill(database: Connection, options: FillOptions): Promise<void> {
	const { into, lastEvent, lastStream } = options;
	const pause = new Pause(database, options.yieldTurn);
	const copyEvents = eventsStep(database, into, lastEvent);
	const streams = database.prepare(copying.copyStreams(into));
	for (let copiedBefore = Infinity; ; ) {
		const before = lastEvent() + lastStream();
		await inShortTransactions(database, pause, copyEvents);
		await inShortTransactions(database, pause, () => streams.run(lastStream()).changes > 0);
		await inShortTransactions(database, pause, entriesStep(database, into));
		const copied = lastEvent() + lastStream() - before;
		// If as many rows come meanwhile as are copied, another round would gain nothing.
		if (copied <= ROWS_LEFT_MAX || copied >= copiedBefore) return;
		copiedBefore = copied;
	}
}

/**
 * @param lastEvent the last event that was copied; -1 for none
 * @param from the database that is read
 * @returns a function that copies some of the newer events, with their ids; false after the last
 */
export function eventsStep(
	database: Connection,
	into: copying.CopyTarget,
	lastEvent: () => number,
	from = "source",
): () => boolean {
	const events = database.prepare(copying.copyEvents(into, from));
	const ids = into === "main" ? database.prepare(copying.ADD_IDS) : undefined;
	return () => {
		const last = lastEvent();
		const { changes } = events.run(last);
		if (changes > 0) ids?.run(last);
		return changes > 0;
	};
}

/**
 * @returns a function that copies some of the newer entries of all streams; false after the last
 */
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
		if (changes < copying.PLACES_AT_ONCE) id += STREAMS_AT_ONCE;
		return id <= (last.get() as number);
	};
}

/** Takes all steps, and commits every so often. */
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

/** If the source's WAL is long, waits for a checkpoint and the next start of the WAL. */
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
		// Another process may make the checkpoints, or nobody appends: then waiting again is in vain.
		this.#pagesMax = this.#pages() < before ? WAL_PAGES_MAX : 2 * before;
	}

	/** 0 for a source on a read-only medium: SQLite does not tell, and nobody writes there. */
	#pages(): number {
		try {
			const [, pages] = this.#walLength.get() as [busy: number, pages: number, copied: number];
			return pages;
		} catch (error) {
			if (isReadOnlyMedium(error)) return 0;
			throw error;
		}
	}
}
