/**
 * The bulk of a copy, in transactions of a moment each. An interruption loses one of them, and the
 * reads are as short, so the store's WAL need not grow.
 *
 * What is there at any moment is of no moment of the store: of events and streams the first ones, of
 * each stream the first of its entries. `complete()` of copy.ts brings what is missing to that.
 */
import type Database from "better-sqlite3";
import * as sql from "../statements.ts";
import * as copying from "./statements.ts";

/**
 * How long a transaction lasts, with it the store's snapshot. It ends with syncs, and the index of
 * the ids is written all over: shorter ones leave a disk little time for anything else.
 */
const TRANSACTION_MS = 1000;

/** Events and streams that may be left to `complete()`: those that came while the last were copied. */
export const ROWS_LEFT_MAX = 20_000;

/** Ids of streams that one statement compares. */
const STREAMS_AT_ONCE = 1000;

export type Filling = {
	/** Where the rows go; what `main` has is not copied to `newer`. */
	readonly into: copying.Into;
	/** The last that was copied, wherever it is; -1 for none. */
	lastEvent(): number;
	lastStream(): number;
	/** Lets timers and signals have their turn. */
	breathe(): Promise<void>;
};

export async function fill(database: Database.Database, filling: Filling): Promise<void> {
	const { into, lastEvent, lastStream, breathe } = filling;
	const events = database.prepare(copying.copyEvents(into));
	const streams = database.prepare(copying.copyStreams(into));
	for (;;) {
		const before = lastEvent() + lastStream();
		await inTransactions(database, breathe, () => events.run(lastEvent()).changes > 0);
		await inTransactions(database, breathe, () => streams.run(lastStream()).changes > 0);
		await inTransactions(database, breathe, entriesStep(database, into));
		if (lastEvent() + lastStream() - before <= ROWS_LEFT_MAX) return;
	}
}

/** @returns copies some of the newer entries of all streams at each call; false when there are none */
export function entriesStep(database: Database.Database, into: copying.Into): () => boolean {
	const entries = database.prepare(copying.copyEntries(into));
	const last = database.prepare(copying.SOURCE_LAST_STREAM).pluck();
	let id = 0;
	return () => {
		const { changes } = entries.run(id, id + STREAMS_AT_ONCE - 1);
		if (changes < copying.ENTRIES_AT_ONCE) id += STREAMS_AT_ONCE;
		return id <= (last.get() as number);
	};
}

/** Takes steps until there are no more, and commits every so often. */
async function inTransactions(
	database: Database.Database,
	breathe: () => Promise<void>,
	step: () => boolean,
): Promise<void> {
	for (let more = true; more; ) {
		database.exec(sql.BEGIN_READ);
		try {
			const end = performance.now() + TRANSACTION_MS;
			do more = step();
			while (more && performance.now() < end);
			database.exec(sql.COMMIT);
		} catch (error) {
			if (database.inTransaction) database.exec(sql.ROLLBACK);
			throw error;
		}
		await breathe();
	}
}
