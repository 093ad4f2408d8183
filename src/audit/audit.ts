/**
 * The audit: who changed what of the store itself, and from where, as events of `$audit`, which
 * admins alone read and nobody but the server writes.
 *
 *     a deed      an event, before its client has the answer
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
};

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

	/** @param report is told why something could not be written */
	constructor(log: Log, report: (error: unknown) => void) {
		this.#log = log;
		this.#report = report;
	}

	/** Writes what was done. It is done, so a log that takes no event does not undo it. */
	record({ what, who, via, token, from, about, group, event, forEver }: Deed): Promise<void> {
		return this.#write({ what, who, via, token, from, about, group, event, forEver });
	}

	/**
	 * Notes that the log goes on from a backup, if it does and nothing was written since: behind the
	 * first event that somebody writes. What is imported before that keeps its places.
	 */
	async noteRestore(): Promise<void> {
		const { incarnation } = this.#log;
		if (incarnation === 1) return;
		// A version of `$all` is a position.
		const last = Number(await this.#log.last(ALL)) as Position;
		if (last >= 0 && this.#log.incarnationAt(last) === incarnation) return;
		this.#stopListening = this.#log.onCommit(() => {
			if (this.#isImporting()) return;
			this.#stopListening();
			void this.#write({ what: "restored", about: String(incarnation) });
		});
	}

	#isImporting(): boolean {
		return performance.now() - this.#importedMs < IMPORT_MS;
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

	/** Notes that somebody imports a log. */
	noteImport(): void {
		this.#importedMs = performance.now();
	}

	/** Writes what was counted. */
	close(): Promise<void> {
		this.#stopListening();
		clearTimeout(this.#timer);
		this.#closed ??= this.#writeCounts();
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
		if (this.#isImporting()) return true;
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
			this.#report(error);
		}
	}
}

function shown({ login, from, count }: Counted) {
	return { who: login, from, count };
}
