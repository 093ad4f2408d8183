/**
 * Brings a copy of a log up to what the log is: by rows, as the log only grows.
 *
 *     fill()         the bulk of a first copy, in short transactions
 *     fillNewer()    the bulk of a later one, in the same way, beside the copy
 *     complete()     what is missing to one snapshot of the store, in one transaction: afterwards
 *                    the copy is what the store was at that moment; until then, and after an
 *                    interruption, it is what it was
 *
 * Events, streams, entries and nodes only grow, and what was copied of them stays, but for
 * erasures: those are looked for where the store's count of them has moved. Every other table is
 * small, and is replaced whole, so a table that is added one day is not forgotten here.
 */
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { levelWidth } from "../../feeds/proof/tiles.ts";
import { Refusal } from "../errors.ts";
import { BUSY_TIMEOUT_MS } from "../log/sqlite/files/directory.ts";
import * as sql from "../log/sqlite/statements.ts";
import { registerFunctions } from "../log/sqlite/tree/functions.ts";
import { type Check, createCheck } from "./check.ts";
import { copyErasures } from "./erasures.ts";
import { entriesStep, fill, ROWS_LEFT_MAX, type SeeEntries } from "./fill.ts";
import { attachNewer, mergeEntries, mergeNewer } from "./newer.ts";
import * as copying from "./statements.ts";

/** Enough to see what is wrong; `varve verify` names more. */
const FAULTS_NAMED = 3;

/** The tables that only grow, and may be large; see `statements.ts`. */
const GROWING = ["events", "streams", "entries", "nodes", "digests"];

export class Copy {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #signal: AbortSignal | undefined;
	readonly #path: string;
	/** Pages of the two databases when it began. */
	readonly #started: number;
	readonly #whole: number;
	#newer: ReturnType<typeof prepareNewer> | undefined;

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
			registerFunctions(this.#database);
			this.#database.prepare(copying.ATTACH_SOURCE).run(source);
			this.#statements = prepare(this.#database);
			[this.#started, this.#whole] = [this.#pages("main"), this.#pages("source")];
			this.#refuseOtherHistory();
		} catch (error) {
			this.#database.close();
			throw error;
		}
	}

	/** Events that are copied, be it ahead, or in a transaction that goes on. */
	events(): number {
		return this.#lastEvent() + 1;
	}

	/**
	 * How far it is, from 0 to 1, by the size of the files: that of rows not seen yet is not known.
	 * It does not look at the store, which would be a snapshot while a transaction runs.
	 */
	fraction(): number {
		const copies = this.#newer ? 2 : 1;
		const missing = (this.#whole - this.#started) * copies;
		const written = this.#pages("main") - this.#started + (this.#newer ? this.#pages("newer") : 0);
		return missing > 0 ? Math.min(1, written / missing) : 1;
	}

	/** Whether the store has more that is new than one transaction should copy. */
	isFarBehind(): boolean {
		const last = this.#statements.sourceLastEvent.get() as number;
		return last - this.#lastEvent() > ROWS_LEFT_MAX;
	}

	async fill(): Promise<void> {
		this.#beginHistory();
		await this.#fill("main");
	}

	/** @param file of what is copied ahead; it is of no use once this copy is complete */
	async fillNewer(file: string): Promise<void> {
		attachNewer(this.#database, file);
		this.#database.pragma("newer.cache_size = -65536");
		this.#newer = prepareNewer(this.#database);
		this.#beginHistory();
		await this.#fill("newer");
	}

	/**
	 * @param isSound whether the copy is to stay sound: what is damaged of the new is refused then
	 * @throws Refusal `backup-unusable`
	 */
	async complete(isSound: boolean): Promise<void> {
		const check = isSound ? createCheck(this.#database, () => this.#breathe()) : undefined;
		this.#database.exec(sql.BEGIN_READ);
		try {
			const triggers = this.#triggers();
			for (const { name } of triggers) this.#database.exec(`DROP TRIGGER main."${name}"`);
			await this.#addAll(check);
			this.#replaceOthers();
			for (const trigger of triggers) this.#database.exec(trigger.sql);
			this.#database.exec(sql.COMMIT);
		} catch (error) {
			if (this.#database.inTransaction) this.#database.exec(sql.ROLLBACK);
			throw error;
		}
	}

	close(): void {
		this.#database.close();
	}

	#fill(into: copying.Into): Promise<void> {
		return fill(this.#database, {
			into,
			lastEvent: () => this.#lastEvent(),
			lastStream: () => this.#lastStream(),
			breathe: () => this.#breathe(),
		});
	}

	/** An empty copy becomes one of the history it is now filled with. */
	#beginHistory(): void {
		if (this.events() > 0) return;
		// The count of erasures comes first: the events are copied at least as erased as it says.
		this.#database.exec(this.#withoutTriggers(copying.replaceTable("store")));
	}

	async #addAll(check: Check | undefined): Promise<void> {
		const { lastEvent, lastStream } = this.#statements;
		const first = (lastEvent.get() as number) + 1;
		const streams = lastStream.get() as number;
		if (this.#newer) await this.#mergeNewer(first, check);
		// The first read of the store is the snapshot.
		this.#refuseOtherHistory();
		const before = this.#lastEvent();
		await this.#copyNewer(before + 1, check);
		check?.streams(streams);
		const digested = (positions: readonly number[]) => check?.digested(positions);
		await copyErasures(this.#database, before, digested, () => this.#breathe());
		await check?.erased();
		this.#copyNodes();
		await check?.nodes(first, this.events());
		check?.marks();
		this.#refuseFaults(check);
	}

	async #mergeNewer(first: number, check: Check | undefined): Promise<void> {
		await mergeNewer(this.#database, () => this.#breathe());
		const merged = (this.#statements.lastEvent.get() as number) + 1;
		const merge = (see?: SeeEntries) =>
			mergeEntries(this.#database, merged, see, () => this.#breathe());
		await (check ? check.span({ from: first, to: merged }, merge) : merge());
		this.#refuseFaults(check);
	}

	async #copyNewer(first: number, check: Check | undefined): Promise<void> {
		const { events, streams } = this.#statements;
		while (events.run(this.#lastEvent()).changes > 0) await this.#breathe();
		while (streams.run(this.#lastStream()).changes > 0) await this.#breathe();
		const copyEntries = async (see?: SeeEntries) => {
			const copySome = entriesStep(this.#database, "main", see);
			while (copySome()) await this.#breathe();
		};
		await (check ? check.span({ from: first, to: this.events() }, copyEntries) : copyEntries());
	}

	#copyNodes(): void {
		const { lastNode, nodes } = this.#statements;
		const size = this.events();
		for (let level = 1; levelWidth(size, level) > 0; level++)
			nodes.run(level, lastNode.get(level), levelWidth(size, level));
	}

	/** What is damaged does not get into a backup that is sound. */
	#refuseFaults(check: Check | undefined): void {
		if (!check || check.faults.length === 0) return;
		const named = check.faults.slice(0, FAULTS_NAMED).join("; ");
		const more = check.faults.length > FAULTS_NAMED ? "; and more" : "";
		const which = "varve verify --data tells whether the store is damaged, or the backup";
		throw this.#unusable(
			`what is new is not sound: ${named}${more}; the backup stays as it was; ${which}`,
		);
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
		const ahead = (this.#newer?.lastEvent.get() ?? -1) as number;
		return Math.max(ahead, this.#statements.lastEvent.get() as number);
	}

	#lastStream(): number {
		const ahead = (this.#newer?.lastStream.get() ?? -1) as number;
		return Math.max(ahead, this.#statements.lastStream.get() as number);
	}

	#pages(name: string): number {
		return Number(this.#database.pragma(`${name}.page_count`, { simple: true }));
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
		// What is noted of erasures would be set back with it, and no longer fit the events.
		if (stored.erasures < copied.erasures) {
			const counts = `it has ${copied.erasures} erasures, the store ${stored.erasures}`;
			throw this.#unusable(`the store was set back: ${counts}; take another target`);
		}
		const { isSameEvent } = this.#statements;
		if (isSameEvent.get(0) === 1 && isSameEvent.get(last) === 1) return;
		throw this.#unusable("it is a backup of another store or history; choose another target");
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

type StoreRow = { readonly incarnation: number; readonly erasures: number };

function prepare(database: Database.Database) {
	return {
		events: database.prepare(copying.copyEvents("main")),
		streams: database.prepare(copying.copyStreams("main")),
		lastNode: database.prepare(copying.LAST_NODE).pluck(),
		nodes: database.prepare(copying.COPY_NODES),
		lastEvent: database.prepare(copying.LAST_EVENT).pluck(),
		lastStream: database.prepare(copying.LAST_STREAM).pluck(),
		sourceLastEvent: database.prepare(copying.SOURCE_LAST_EVENT).pluck(),
		isSameEvent: database.prepare(copying.isSameEvent("main")).pluck(),
		copiedStore: database.prepare(copying.BACKUP_STORE),
		sourceStore: database.prepare(copying.SOURCE_STORE),
	};
}

function prepareNewer(database: Database.Database) {
	return {
		lastEvent: database.prepare(copying.NEWER_LAST_EVENT).pluck(),
		lastStream: database.prepare(copying.NEWER_LAST_STREAM).pluck(),
	};
}
