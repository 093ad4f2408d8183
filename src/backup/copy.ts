/**
 * Brings a copy of a log up to date with the log, row by row, as the log only grows.
 *
 *     fill()         the bulk of a first copy, in short transactions
 *     fillNewer()    the bulk of a later one, in the same way, beside the copy
 *     complete()     the missing rows of one snapshot of the source, in one transaction: afterwards
 *                    the copy equals the source at that moment; until then, and after an
 *                    interruption, it is unchanged
 *
 * Copied rows of the tables that only grow stay, except for erasures: if the source's count of
 * erasures has grown, the copy looks for them. The other tables are replaced whole: see tables.ts.
 */
import { setImmediate } from "node:timers/promises";
import { levelWidth } from "../../feeds/proof/tiles.ts";
import { Refusal } from "../errors.ts";
import {
	Additions,
	COPYING_CACHE_KIB,
	type Connection,
	inTransaction,
	type OnEntries,
	openCopy,
} from "../log/sqlite/copies.ts";
import { copyErasures } from "./erasures.ts";
import { entriesStep, eventsStep, fill, ROWS_LEFT_MAX } from "./fill.ts";
import { refuseOtherHistory } from "./history.ts";
import { attachNewer, mergeEntries, mergeNewer } from "./newer.ts";
import * as copying from "./statements.ts";
import { replaceSmall, withoutTriggers } from "./tables.ts";

/** Enough to see what is wrong; `varve verify` names more. */
const FAULTS_NAMED = 3;

export class Copy {
	readonly #database: Connection;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #signal: AbortSignal | undefined;
	readonly #path: string;
	/** Pages of the two databases when it began. */
	readonly #started: number;
	readonly #whole: number;
	#newer: ReturnType<typeof prepareNewer> | undefined;

	/**
	 * @param file of the copy, at this program's schema
	 * @param source the database to copy, at this program's schema; nothing here changes it
	 * @param path the name of the copy in refusals
	 * @throws Refusal `backup-unusable` if the two are not one history
	 */
	constructor(file: string, source: string, path: string, signal?: AbortSignal) {
		this.#path = path;
		this.#signal = signal;
		this.#database = openCopy(file);
		try {
			this.#database.prepare(copying.ATTACH_SOURCE).run(source);
			this.#statements = prepare(this.#database);
			[this.#started, this.#whole] = [this.#pages("main"), this.#pages("source")];
			this.#refuseOtherHistory();
		} catch (error) {
			this.#database.close();
			throw error;
		}
	}

	/** The number of copied events, including those ahead and those of an open transaction. */
	events(): number {
		return this.#lastEvent() + 1;
	}

	/**
	 * The progress, from 0 to 1, by the size of the files: the size of rows not yet read is not
	 * known. It does not read the source: within a transaction, that would take a snapshot.
	 */
	fraction(): number {
		const copies = this.#newer ? 2 : 1;
		const missing = (this.#whole - this.#started) * copies;
		const written = this.#pages("main") - this.#started + (this.#newer ? this.#pages("newer") : 0);
		return missing > 0 ? Math.min(1, written / missing) : 1;
	}

	/** Whether the source has more new events than one transaction should copy. */
	isFarBehind(): boolean {
		const last = this.#statements.sourceLastEvent.get() as number;
		return last - this.#lastEvent() > ROWS_LEFT_MAX;
	}

	async fill(): Promise<void> {
		await this.#beginHistory();
		await this.#fill("main");
	}

	/** @param file for the rows that are copied ahead; it is of no use once this copy is complete */
	async fillNewer(file: string): Promise<void> {
		attachNewer(this.#database, file);
		this.#database.pragma(`newer.cache_size = -${COPYING_CACHE_KIB}`);
		this.#newer = prepareNewer(this.#database);
		await this.#beginHistory();
		await this.#fill("newer");
	}

	/**
	 * @param isSound whether the copy must stay sound: then damaged new rows are refused
	 * @throws Refusal `backup-unusable`
	 */
	async complete(isSound: boolean): Promise<void> {
		const check = isSound ? new Additions(this.#database, () => this.#yieldTurn()) : undefined;
		await inTransaction(this.#database, () =>
			withoutTriggers(this.#database, async () => {
				await this.#addAll(check);
				replaceSmall(this.#database);
			}),
		);
	}

	close(): void {
		this.#database.close();
	}

	#fill(into: copying.CopyTarget): Promise<void> {
		return fill(this.#database, {
			into,
			lastEvent: () => this.#lastEvent(),
			lastStream: () => this.#lastStream(),
			yieldTurn: () => this.#yieldTurn(),
		});
	}

	/** An empty copy becomes one of the history it is now filled with. */
	async #beginHistory(): Promise<void> {
		if (this.events() > 0) return;
		// The count of erasures comes first: the events are copied at least as erased as it says.
		const replace = () => void this.#database.exec(copying.replaceTable("store"));
		await inTransaction(this.#database, () => withoutTriggers(this.#database, replace));
	}

	async #addAll(check: Additions | undefined): Promise<void> {
		const { lastEvent, lastStream } = this.#statements;
		const first = (lastEvent.get() as number) + 1;
		const streams = lastStream.get() as number;
		if (this.#newer) await this.#mergeNewer(first, check);
		// The first read of the source takes the snapshot.
		this.#refuseOtherHistory();
		const before = this.#lastEvent();
		await this.#copyNewer(before + 1, check);
		check?.streams(streams);
		const digested = (positions: readonly number[]) => check?.digested(positions);
		await copyErasures(this.#database, before, digested, () => this.#yieldTurn());
		await check?.erased();
		this.#copyNodes();
		await check?.nodes(first, this.events());
		if (check) this.#checkMarks(check);
		this.#refuseFaults(check);
	}

	async #mergeNewer(first: number, check: Additions | undefined): Promise<void> {
		await mergeNewer(this.#database, () => this.#yieldTurn());
		const merged = (this.#statements.lastEvent.get() as number) + 1;
		const merge = (onEntries?: OnEntries) =>
			mergeEntries(this.#database, merged, onEntries, () => this.#yieldTurn());
		await (check ? check.span({ from: first, to: merged }, merge) : merge());
		this.#refuseFaults(check);
	}

	async #copyNewer(first: number, check: Additions | undefined): Promise<void> {
		const { streams } = this.#statements;
		const copyEvents = eventsStep(this.#database, "main", () => this.#lastEvent());
		while (copyEvents()) await this.#yieldTurn();
		while (streams.run(this.#lastStream()).changes > 0) await this.#yieldTurn();
		const copyEntries = async (onEntries?: OnEntries) => {
			const copySome = entriesStep(this.#database, "main", onEntries);
			while (copySome()) await this.#yieldTurn();
		};
		await (check ? check.span({ from: first, to: this.events() }, copyEntries) : copyEntries());
	}

	#copyNodes(): void {
		const { lastNode, nodes } = this.#statements;
		const size = this.events();
		for (let level = 1; levelWidth(size, level) > 0; level++)
			nodes.run(level, lastNode.get(level), levelWidth(size, level));
	}

	/** Marks of a stream are only added, or move on; a lost mark is a fault. */
	#checkMarks(check: Additions): void {
		for (const name of this.#database.prepare(copying.LOST_MARKS).pluck().all()) {
			check.report(`what was noted of ${name} is lost`);
		}
	}

	/** Keeps damaged rows out of a sound backup. */
	#refuseFaults(check: Additions | undefined): void {
		if (!check || check.faults.length === 0) return;
		const named = check.faults.slice(0, FAULTS_NAMED).join("; ");
		const more = check.faults.length > FAULTS_NAMED ? "; and more" : "";
		const which = "varve verify --data tells whether the store is damaged, or the backup";
		const reason = `what is new is not sound: ${named}${more}; the backup stays as it was; ${which}`;
		throw new Refusal("backup-unusable", { path: this.#path, reason });
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

	#refuseOtherHistory(): void {
		refuseOtherHistory(this.#database, this.#lastEvent(), this.#path);
	}

	/** Lets timers and signals have their turn. */
	async #yieldTurn(): Promise<void> {
		await setImmediate();
		this.#signal?.throwIfAborted();
	}
}

function prepare(database: Connection) {
	return {
		streams: database.prepare(copying.copyStreams("main")),
		lastNode: database.prepare(copying.LAST_NODE).pluck(),
		nodes: database.prepare(copying.COPY_NODES),
		lastEvent: database.prepare(copying.LAST_EVENT).pluck(),
		lastStream: database.prepare(copying.LAST_STREAM).pluck(),
		sourceLastEvent: database.prepare(copying.SOURCE_LAST_EVENT).pluck(),
	};
}

function prepareNewer(database: Connection) {
	return {
		lastEvent: database.prepare(copying.NEWER_LAST_EVENT).pluck(),
		lastStream: database.prepare(copying.NEWER_LAST_STREAM).pluck(),
	};
}
