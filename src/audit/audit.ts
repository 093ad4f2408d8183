/**
 * The audit: who changed what of the store itself, and from where, as events of `$audit`, which
 * admins alone read and nobody but the server writes.
 *
 *     a deed      an event, before its client has the answer
 *     an import   an event behind the first one that somebody writes after it, as for a restore
 *     the rest    refused logins, and reads that take an admin: their counts, once a minute, so
 *                 that no stranger fills the disk, and no reader of the log wakes itself
 *
 * While a log is imported, and as long as there is nothing in the log at all, the counts wait: the
 * copy of a log has room for no event of its own.
 */
import { appendOwn, closeStream } from "../accounts/own-streams.ts";
import { ALL, AUDIT, type Position } from "../event.ts";
import type { Log } from "../log/log.ts";
import { type Counted, type Counts, MinuteCounts } from "./counts.ts";
import { ImportNotes } from "./imports.ts";

const AUDITED = "$Audited";
const MINUTE_MS = 60_000;
/** An import asks for the next span within seconds. */
const IMPORT_MS = 5 * MINUTE_MS;

/** Who did something, and from where. */
export type Doer = {
	/** "" for nobody that the server knows. */
	readonly who: string;
	/** How the server knows them: `password`, `token`, `session` … */
	readonly via: string;
	/** The id of the token, if they showed one of this store. */
	readonly token?: string | undefined;
	/** An address, or the network of one; "" if it is not known. */
	readonly from: string;
};

export type Deed = Doer & {
	/** A word such as `user-created`. */
	readonly what: string;
	/** Whom or what it was about: a login, the id of a token or a run, a stream. */
	readonly about: string;
	/** Of a subscription, whose stream is in `about`. */
	readonly group?: string | undefined;
	/** The number of an event, and whether it is for ever. */
	readonly event?: number | undefined;
	readonly forEver?: true | undefined;
	/** Why it failed, if it did: some of it may be done, or all of it. */
	readonly failed?: string | undefined;
};

/** What an import has to say of itself. */
export type ImportedSpan = { readonly first: number; readonly next: number };

/** Writes until it is closed. */
export class Audit {
	readonly #log: Log;
	readonly #report: (error: unknown) => void;
	readonly #refusals = new MinuteCounts();
	readonly #reads = new MinuteCounts();
	#timer: NodeJS.Timeout | undefined;
	#importedMs = Number.NEGATIVE_INFINITY;
	#closed: Promise<void> | undefined;
	#stopListening: () => void = () => undefined;
	readonly #imports: ImportNotes;
	#importsRunning = 0;
	#stopWaiting: (() => void) | undefined;
	/** What is written behind an event of somebody else. */
	#telling: Promise<void> = Promise.resolve();

	/**
	 * @param report is told why something could not be written
	 * @param directory of the log, where notes of imports wait; undefined keeps them in memory
	 */
	constructor(log: Log, report: (error: unknown) => void, directory?: string) {
		this.#log = log;
		this.#report = report;
		this.#imports = new ImportNotes(directory);
	}

	/** Writes what was done. It is done, so a log that takes no event does not undo it. */
	record({ what, who, via, token, from, about, group, event, forEver, failed }: Deed) {
		return this.#write({ what, who, via, token, from, about, group, event, forEver, failed });
	}

	/** Takes up what an earlier process left to be told. To be called before anybody can write. */
	async load(): Promise<void> {
		await this.#imports.load();
		if (!this.#imports.isEmpty) await this.#awaitWriter();
		await this.#noteRestore();
	}

	/**
	 * Notes that the log goes on from a backup, if it does and nothing was written since: behind the
	 * first event that somebody writes. What is imported before that keeps its places.
	 */
	async #noteRestore(): Promise<void> {
		const { incarnation } = this.#log;
		if (incarnation === 1) return;
		// A version of `$all` is a position.
		const last = Number(await this.#log.last(ALL)) as Position;
		if (last >= 0 && this.#log.incarnationAt(last) === incarnation) return;
		this.#stopListening = this.#log.onCommit(() => {
			if (this.#importsRunning > 0) return;
			this.#stopListening();
			this.#telling = this.#write({ what: "restored", about: String(incarnation) });
		});
	}

	/** Counts a login that was refused. @param login if there is such a user; "" if not */
	countRefusal(login: string, from: string): void {
		this.#refusals.count({ login, from });
		this.#begin();
	}

	/** Counts a read that takes an admin. */
	countRead({ who, from }: Doer): void {
		this.#reads.count({ login: who, from });
		this.#begin();
	}

	/** Notes that somebody imports a log, or is about to: the counts wait. */
	noteImport(): void {
		this.#importedMs = performance.now();
	}

	/**
	 * Runs an import by somebody, which resolves with what it has imported, and keeps a note of it.
	 * @param doer undefined for nobody that the server knows: nothing is noted
	 */
	async duringImport<T>(
		doer: Doer | undefined,
		perform: () => Promise<T>,
		spanOf: (done: T) => ImportedSpan | undefined,
	): Promise<T> {
		this.noteImport();
		this.#importsRunning++;
		try {
			const done = await perform();
			const span = doer && spanOf(done);
			if (span && span.next > span.first) {
				await this.#imports.add({ ...doer, ...span }).catch(this.#report);
			}
			return done;
		} finally {
			this.#importsRunning--;
			if (!this.#imports.isEmpty) await this.#awaitWriter().catch(this.#report);
		}
	}

	/** Tells of imports once there is an event behind what they brought. */
	async #awaitWriter(): Promise<void> {
		this.#stopWaiting ??= this.#log.onCommit(({ last }) => this.#tellImports(last));
		// A version of `$all` is a position.
		this.#tellImports(Number(await this.#log.last(ALL)) as Position);
	}

	#tellImports(last: Position): void {
		if (this.#importsRunning > 0 || !this.#imports.isBehind(last)) return;
		this.#stopWaiting?.();
		this.#stopWaiting = undefined;
		this.#telling = this.#telling.then(() => this.#writeImports());
	}

	async #writeImports(): Promise<void> {
		for (const { first, next, ...doer } of this.#imports.take()) {
			await this.#write({ what: "log-imported", ...doer, first, events: next - first });
		}
		await this.#imports.save().catch(this.#report);
	}

	/** Writes what was counted. */
	close(): Promise<void> {
		this.#stopListening();
		this.#stopWaiting?.();
		clearTimeout(this.#timer);
		this.#closed ??= this.#telling.then(() => this.#writeCounts());
		return this.#closed;
	}

	#begin(): void {
		if (this.#timer !== undefined || this.#closed !== undefined) return;
		this.#timer = setTimeout(() => this.#endMinute(), MINUTE_MS).unref();
	}

	#endMinute(): void {
		this.#timer = undefined;
		void this.#writeCounts();
	}

	async #writeCounts(): Promise<void> {
		if (this.#refusals.isEmpty && this.#reads.isEmpty) return;
		if (await this.#mustWait()) {
			this.#begin();
			return;
		}
		await this.#writeCount("logins-refused", this.#refusals.take());
		await this.#writeCount("admin-reads", this.#reads.take());
	}

	async #mustWait(): Promise<boolean> {
		if (performance.now() - this.#importedMs < IMPORT_MS) return true;
		return this.#log.last(ALL).then(
			(last) => last < 0,
			() => true,
		);
	}

	async #writeCount(what: string, { count, sinceMs, by }: Counts): Promise<void> {
		const seconds = Math.ceil((Date.now() - sinceMs) / 1000);
		if (count > 0) await this.#write({ what, count, seconds, by: by.map(shown) });
	}

	async #write(data: object): Promise<void> {
		try {
			await closeStream(this.#log, AUDIT);
			await appendOwn(this.#log, AUDIT, { type: AUDITED, data: Buffer.from(JSON.stringify(data)) });
		} catch (error) {
			// A refusal by itself is told to nobody, as its client has it for an answer.
			const lost = `the audit could not be told of ${JSON.stringify(data)}`;
			this.#report(new Error(`${lost}: ${String(error)}`, { cause: error }));
		}
	}
}

function shown({ login, from, count }: Counted) {
	return { who: login, from, count };
}
