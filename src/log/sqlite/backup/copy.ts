/**
 * Brings a copy of a log up to what the log is: by rows, as the log only grows.
 *
 *     fill()       the bulk of a first copy, in transactions of a moment each. An interruption
 *                  loses one of them. The reads are as short, so the store's WAL need not grow
 *     complete()   what is missing to one snapshot of the store, in one transaction: afterwards the
 *                  copy is what the store was at that moment; before and after an interruption it
 *                  is what it was
 *
 * Events, streams and entries only grow, and what was copied of them stays, but for erasures: those
 * are looked for where the store's count of them has moved. Every other table is small, and is
 * replaced whole, so a table that is added one day is not forgotten here.
 */
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { BUSY_TIMEOUT_MS } from "../files/directory.ts";
import * as sql from "../statements.ts";
import * as copying from "./statements.ts";

/** How long a transaction of `fill` lasts, with it the store's snapshot. */
const TRANSACTION_MS = 250;

/** What `fill` may leave to `complete`: rows that came while it copied the last ones. */
const ROWS_LEFT_MAX = 20_000;

/** Ids of streams, and positions of events, that one statement compares. */
const STREAMS_AT_ONCE = 1000;
const EVENTS_AT_ONCE = 20_000;

/** The tables that only grow, and may be large; see `statements.ts`. */
const GROWING = ["events", "streams", "entries", "digests"];

type Key = readonly number[];
/** Copies some rows behind the key; returns how many. */
type Step = (key: Key) => number;

export class Copy {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #signal: AbortSignal | undefined;
	readonly #path: string;

	/**
	 * @param file of the copy, at this program's schema
	 * @param source of the store, at this program's schema; nothing that is asked of it changes it
	 * @param path what refusals call the copy
	 * @throws Refusal `backup-unusable` where the two are not one history
	 */
	constructor(file: string, source: string, path: string, signal?: AbortSignal) {
		this.#path = path;
		this.#signal = signal;
		this.#database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
		try {
			this.#database.pragma("synchronous = FULL");
			this.#database.pragma("cache_size = -65536");
			// What is erased in the store is overwritten here as well.
			this.#database.pragma("secure_delete = ON");
			this.#database.prepare(copying.ATTACH_SOURCE).run(source);
			this.#statements = prepare(this.#database);
			this.#refuseOtherHistory();
		} catch (error) {
			this.#database.close();
			throw error;
		}
	}

	/** Events in the copy, committed or about to be. */
	events(): number {
		return this.#lastEvent() + 1;
	}

	/** Of its database and of the store's, in pages. */
	pages(): readonly [copy: number, source: number] {
		const count = (name: string) =>
			Number(this.#database.pragma(`${name}.page_count`, { simple: true }));
		return [count("main"), count("source")];
	}

	async fill(): Promise<void> {
		const { events, streams, entries } = this.#statements;
		// First of all the count of erasures: the events are copied at least as erased as it says.
		if (this.events() === 0)
			this.#database.exec(this.#withoutTriggers(copying.replaceTable("store")));
		for (;;) {
			const rows =
				(await this.#grow(
					([last = -1]) => events.run(last).changes,
					() => [this.#lastEvent()],
				)) +
				(await this.#grow(
					([last = -1]) => streams.run(last).changes,
					() => [this.#lastStream()],
				));
			await this.#grow(
				(key) => entries.run(...key).changes,
				() => this.#lastEntry(),
			);
			if (rows <= ROWS_LEFT_MAX) return;
		}
	}

	/** @returns how many events were new */
	async complete(): Promise<number> {
		const before = this.#lastEvent();
		this.#database.exec(sql.BEGIN_READ);
		try {
			// The first read is the snapshot.
			this.#refuseOtherHistory();
			const triggers = this.#triggers();
			for (const { name } of triggers) this.#database.exec(`DROP TRIGGER main."${name}"`);
			await this.#copyNewer();
			if (this.#hasErasures()) await this.#copyErasures(before);
			if (this.#statements.hasDigests.get() === 0) await this.#copyDigests();
			this.#replaceOthers();
			for (const trigger of triggers) this.#database.exec(trigger.sql);
			this.#database.exec(sql.COMMIT);
		} catch (error) {
			if (this.#database.inTransaction) this.#database.exec(sql.ROLLBACK);
			throw error;
		}
		return this.#lastEvent() - before;
	}

	close(): void {
		this.#database.close();
	}

	/** Takes steps until one copies nothing, and commits every so often. */
	async #grow(step: Step, lastKey: () => Key): Promise<number> {
		let total = 0;
		for (;;) {
			let rows: number;
			this.#database.exec(sql.BEGIN_READ);
			try {
				const end = performance.now() + TRANSACTION_MS;
				do {
					rows = step(lastKey());
					total += rows;
				} while (rows > 0 && performance.now() < end);
				this.#database.exec(sql.COMMIT);
			} catch (error) {
				if (this.#database.inTransaction) this.#database.exec(sql.ROLLBACK);
				throw error;
			}
			await this.#breathe();
			if (rows === 0) return total;
		}
	}

	async #copyNewer(): Promise<void> {
		const { events, streams, newerEntries, sourceLastStream } = this.#statements;
		while (events.run(this.#lastEvent()).changes > 0) await this.#breathe();
		while (streams.run(this.#lastStream()).changes > 0) await this.#breathe();
		const last = sourceLastStream.get() as number;
		for (let id = 0; id <= last; id += STREAMS_AT_ONCE) {
			newerEntries.run(id, id + STREAMS_AT_ONCE - 1);
			await this.#breathe();
		}
	}

	#hasErasures(): boolean {
		const [copied, stored] = this.#stores();
		return copied.erasures !== stored.erasures;
	}

	/** @param last the position of the last event that was copied before */
	async #copyErasures(last: number): Promise<void> {
		for (let position = 0; position <= last; position += EVENTS_AT_ONCE) {
			this.#statements.erasures.run(position, Math.min(last, position + EVENTS_AT_ONCE - 1));
			await this.#breathe();
		}
	}

	async #copyDigests(): Promise<void> {
		for (let position = 0; position <= this.#lastEvent(); position += EVENTS_AT_ONCE) {
			this.#statements.digests.run(position, position + EVENTS_AT_ONCE - 1);
			await this.#breathe();
		}
	}

	#replaceOthers(): void {
		const tables = this.#database.prepare(copying.BACKUP_TABLES).pluck().all() as string[];
		for (const table of tables) {
			if (!GROWING.includes(table)) this.#database.exec(copying.replaceTable(table));
		}
	}

	#triggers(): { name: string; sql: string }[] {
		return this.#database.prepare(copying.BACKUP_TRIGGERS).all() as { name: string; sql: string }[];
	}

	#withoutTriggers(change: string): string {
		const triggers = this.#triggers();
		const drop = triggers.map(({ name }) => `DROP TRIGGER main."${name}";`).join("");
		const create = triggers.map((trigger) => `${trigger.sql};`).join("");
		return `BEGIN; ${drop} ${change}; ${create} COMMIT`;
	}

	#lastEvent(): number {
		return this.#statements.lastEvent.get() as number;
	}

	#lastStream(): number {
		return this.#statements.lastStream.get() as number;
	}

	#lastEntry(): Key {
		return (this.#statements.lastEntry.get() as [number, number] | undefined) ?? [-1, -1];
	}

	#stores(): readonly [StoreRow, StoreRow] {
		const { copiedStore, sourceStore } = this.#statements;
		return [copiedStore.get() as StoreRow, sourceStore.get() as StoreRow];
	}

	/** A backup is of one history. Going on with another would lose the first one's last copy. */
	#refuseOtherHistory(): void {
		const last = this.#lastEvent();
		if (last < 0) return;
		const [copied, stored] = this.#stores();
		if (copied.incarnation !== stored.incarnation) {
			const numbers = `number ${copied.incarnation}, the store is number ${stored.incarnation}`;
			throw this.#unusable(`it is of another history (${numbers}); take another target`);
		}
		const head = this.#statements.sourceLastEvent.get() as number;
		if (head < last) {
			const counts = `it has ${last + 1} events, the store ${head + 1}`;
			throw this.#unusable(`the store was set back: ${counts}; take another target`);
		}
		const { isSameEvent } = this.#statements;
		if (isSameEvent.get(0) === 1 && isSameEvent.get(last) === 1) return;
		throw this.#unusable("it is of another store, or of another history; take another target");
	}

	#unusable(reason: string): Refusal {
		return new Refusal("backup-unusable", { path: this.#path, reason });
	}

	/** Lets timers and signals have their turn. */
	async #breathe(): Promise<void> {
		await setImmediate();
		this.#signal?.throwIfAborted();
	}
}

type StoreRow = { readonly incarnation: number; readonly erasures?: number };

function prepare(database: Database.Database) {
	return {
		events: database.prepare(copying.BACKUP_EVENTS),
		streams: database.prepare(copying.BACKUP_STREAMS),
		entries: database.prepare(copying.BACKUP_ENTRIES),
		newerEntries: database.prepare(copying.BACKUP_NEWER_ENTRIES),
		erasures: database.prepare(copying.BACKUP_ERASURES),
		hasDigests: database.prepare(copying.BACKUP_HAS_DIGESTS).pluck(),
		digests: database.prepare(copying.BACKUP_DIGESTS),
		lastEvent: database.prepare(copying.BACKUP_LAST_EVENT).pluck(),
		lastStream: database.prepare(copying.BACKUP_LAST_STREAM).pluck(),
		lastEntry: database.prepare(copying.BACKUP_LAST_ENTRY).raw(),
		sourceLastEvent: database.prepare(copying.SOURCE_LAST_EVENT).pluck(),
		sourceLastStream: database.prepare(copying.SOURCE_LAST_STREAM).pluck(),
		isSameEvent: database.prepare(copying.BACKUP_IS_SAME_EVENT).pluck(),
		copiedStore: database.prepare(copying.BACKUP_STORE),
		sourceStore: database.prepare(copying.SOURCE_STORE),
	};
}
