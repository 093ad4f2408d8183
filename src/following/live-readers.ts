/**
 * The readers that stay connected: counts them, lets them wait, and ends them when the server
 * closes.
 */
import { Refusal } from "../errors.ts";
import type { StreamName, Version } from "../event.ts";
import type { Log } from "../log/log.ts";
import { LongPolls } from "./long-polls.ts";

const RETRY_AFTER_SECONDS = 5;

export class LiveReaders {
	readonly #limit: number;
	readonly #waiting: LongPolls;
	#count = 0;
	#isClosed = false;

	/** @param limit how many may be connected at a time */
	constructor(log: Log, limit: number) {
		this.#limit = limit;
		// Each reader waits in one place at a time, so this never turns one away.
		this.#waiting = new LongPolls(log, limit);
	}

	/**
	 * Counts a reader in until it goes away.
	 * @param gone aborted when the reader goes away
	 * @throws Refusal `overloaded`, `shutting-down`
	 */
	enter(gone: AbortSignal): void {
		const limit = this.#limit;
		const retryAfterSeconds = RETRY_AFTER_SECONDS;
		if (this.#isClosed) throw new Refusal("shutting-down", { retryAfterSeconds });
		if (this.#count >= limit) {
			throw new Refusal("overloaded", { queue: "live stream", limit, retryAfterSeconds });
		}
		if (gone.aborted) return;
		this.#count++;
		gone.addEventListener("abort", () => this.#count--, { once: true });
	}

	/** The number of readers that are connected. */
	connected(): number {
		return this.#count;
	}

	/** As `LongPolls.waitBeyond`. */
	waitBeyond(
		stream: StreamName,
		last: Version,
		timeoutMs: number,
		gone: AbortSignal,
	): Promise<void> {
		return this.#waiting.waitBeyond(stream, last, timeoutMs, gone);
	}

	/** Whether readers are to leave once they have been sent what was read for them. */
	isClosed(): boolean {
		return this.#isClosed;
	}

	/** Wakes every reader, so that each sends what it has read and leaves; none enters any more. */
	close(): void {
		this.#isClosed = true;
		this.#waiting.close();
	}
}
