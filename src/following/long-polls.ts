/**
 * Waiting for commits: readers that know a stream up to some version wait for the next one.
 *
 * One of five things ends a wait: the commit that brings the stream past the version the reader
 * knows, the commit that deletes the stream for ever, the reader's time, the reader going away, and
 * the end of the server.
 */
import { isBookkeeping } from "../bookkeeping.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { Commit, Log } from "../log/log.ts";

type Waiter = { readonly last: Version; wake(): void };

/** Listens to the log until it is closed. */
export class LongPolls {
	readonly #log: Log;
	readonly #waitersMax: number;
	readonly #waiting = new Map<StreamName, Set<Waiter>>();
	readonly #stopListening: () => void;
	#count = 0;
	#isClosed = false;

	/** @param waitersMax how many requests may wait; each takes about a kilobyte and a timer */
	constructor(log: Log, waitersMax: number) {
		this.#log = log;
		this.#waitersMax = waitersMax;
		this.#stopListening = log.onCommit((commit) => this.#wakeFor(commit));
	}

	/**
	 * Waits until `stream` has a version beyond `last`. It resolves in every case and does not say
	 * why: the caller reads again. It resolves at once if too many requests wait already.
	 * @param stream need not exist; on `$all` the version is the position
	 * @param signal aborted when the reader goes away
	 */
	async waitBeyond(
		stream: StreamName,
		last: Version,
		timeoutMs: number,
		signal: AbortSignal,
	): Promise<void> {
		if (this.#isClosed || this.#count >= this.#waitersMax || signal.aborted) return;
		await new Promise<void>((resolve) => {
			const wake = () => {
				clearTimeout(timer);
				signal.removeEventListener("abort", wake);
				this.#remove(stream, waiter);
				resolve();
			};
			const waiter: Waiter = { last, wake };
			const timer = setTimeout(wake, timeoutMs);
			signal.addEventListener("abort", wake);
			this.#add(stream, waiter);
			// A commit between the caller's read and now found no waiter.
			this.#log.last(stream).then((now) => now > last && wake(), wake);
		});
	}

	/** The number of waiting requests. */
	waiting(): number {
		return this.#count;
	}

	/** Wakes all waiters, takes no new ones, and stops listening to the log. */
	close(): void {
		this.#isClosed = true;
		this.#stopListening();
		for (const waiters of this.#waiting.values()) for (const { wake } of waiters) wake();
	}

	#wakeFor({ last, streams, marked }: Commit): void {
		if (this.#count === 0) return;
		for (const stream of marked) if (this.#waiting.has(stream)) this.#wakeIfDeleted(stream);
		for (const [stream, version] of streams) this.#wakeStream(stream, version);
		if (!this.#waiting.has(ALL) || isOnlyBookkeeping(streams)) return;
		// On `$all` the version is the position.
		this.#wakeStream(ALL, last as number);
	}

	#wakeStream(stream: StreamName, last: Version): void {
		for (const waiter of this.#waiting.get(stream) ?? []) if (waiter.last < last) waiter.wake();
	}

	/** A reader that waits for more than the next version would not hear of a tombstone. */
	#wakeIfDeleted(stream: StreamName): void {
		const wakeAll = () => {
			for (const { wake } of this.#waiting.get(stream) ?? []) wake();
		};
		this.#log.last(stream).catch(wakeAll);
	}

	#add(stream: StreamName, waiter: Waiter): void {
		const waiters = this.#waiting.get(stream) ?? new Set();
		this.#waiting.set(stream, waiters.add(waiter));
		this.#count++;
	}

	#remove(stream: StreamName, waiter: Waiter): void {
		const waiters = this.#waiting.get(stream);
		if (!waiters?.delete(waiter)) return;
		this.#count--;
		if (waiters.size === 0) this.#waiting.delete(stream);
	}
}

/** Whether a commit grew no stream but those, and the indexes of the server's own types. */
function isOnlyBookkeeping(streams: Commit["streams"]): boolean {
	let has = false;
	for (const stream of streams.keys()) {
		if (isBookkeeping(stream)) has = true;
		else if (!isIndexStream(stream)) return false;
	}
	return has;
}
