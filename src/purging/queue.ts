/**
 * The purges that one cache has not had yet, and the loop that sends them.
 *
 *     add ─▶ pending ─▶ under way ─▶ purged
 *               ▲           │ failed
 *               └─ a pause ─┘ each twice the last, up to a minute
 *
 * Streams wait by name, each once. So the queue is bounded, and loses nothing: beyond PENDING_MAX,
 * everything is purged instead. A purge is repeated until it succeeds.
 */
import type { StreamName } from "../event.ts";

/** The documents that a cache is to drop: those that show these streams, or all of this server. */
export type Purge = { readonly streams: readonly StreamName[] } | "everything";

export type CacheState = {
	/** The number of streams not purged yet; "everything" if all documents are to be. */
	readonly pending: number | "everything";
	readonly purged: number;
	readonly failed: number;
	/** Why the last try failed; null if it did not. */
	readonly failure: string | null;
	/** Purges that cannot be sent: the operator has to empty the cache. */
	readonly abandoned: number;
};

export type QueueOptions = {
	/** Carries out a purge. @throws an error of any kind; the purge is tried again */
	readonly send: (purge: Purge) => Promise<void>;
	readonly onIdle: () => void;
	/** Called when purges begin to fail, and when they succeed again. */
	readonly say: (text: string) => void;
	readonly pauseMs?: number;
};

const PENDING_MAX = 10_000;
/** Two tags a stream: some 1.6 KiB of header; nginx and Varnish take 8. */
const STREAMS_A_CALL = 40;
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 60_000;

export class PurgeQueue {
	readonly #options: QueueOptions;
	readonly #pending = new Set<StreamName>();
	#everything = false;
	#underWay: Purge | undefined;
	#running: Promise<void> | undefined;
	#wake: (() => void) | undefined;
	#isClosed = false;
	#purged = 0;
	#failed = 0;
	#failure: string | null = null;
	#abandoned = 0;

	constructor(options: QueueOptions) {
		this.#options = options;
	}

	add(purge: Purge): void {
		this.#put(purge);
		if (this.#hasMore()) this.#start();
	}

	/** Counts and reports a purge that cannot be carried out, and is not tried again. */
	abandon(reason: string): void {
		this.#abandoned++;
		this.#options.say(`must be emptied by hand: ${reason}`);
	}

	state(): CacheState {
		const everything = this.#everything || this.#underWay === "everything";
		return {
			pending: everything ? "everything" : this.#unpurged(),
			purged: this.#purged,
			failed: this.#failed,
			failure: this.#failure,
			abandoned: this.#abandoned,
		};
	}

	/** Whether the cache has had every purge. */
	isIdle(): boolean {
		return this.#running === undefined && !this.#hasMore();
	}

	/** Tries the purges that are left once more, without pauses, until `send` is aborted. */
	async close(): Promise<void> {
		this.#isClosed = true;
		this.#wake?.();
		await this.#running;
	}

	#start(): void {
		this.#running ??= this.#run().then(() => {
			this.#running = undefined;
			if (!this.#hasMore()) this.#options.onIdle();
			else if (!this.#isClosed) this.#start();
		});
	}

	async #run(): Promise<void> {
		const { send, say, pauseMs = PAUSE_MS } = this.#options;
		let waitMs = pauseMs;
		while (this.#hasMore()) {
			const purge = this.#take();
			this.#underWay = purge;
			try {
				await send(purge);
				this.#underWay = undefined;
				this.#purged++;
				waitMs = pauseMs;
				if (this.#failure !== null) say("accepts purges again");
				this.#failure = null;
			} catch (error) {
				this.#underWay = undefined;
				this.#put(purge);
				this.#fail(error);
				if (this.#isClosed) return;
				await this.#pause(waitMs);
				waitMs = Math.min(waitMs * 2, PAUSE_MS_MAX);
			}
		}
	}

	#fail(error: unknown): void {
		this.#failed++;
		const reason = error instanceof Error ? error.message : String(error);
		// The same failure again is no news.
		if (reason !== this.#failure)
			this.#options.say(`did not accept a purge, which will be repeated: ${reason}`);
		this.#failure = reason;
	}

	#pause(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	#hasMore(): boolean {
		return this.#everything || this.#pending.size > 0;
	}

	#take(): Purge {
		if (this.#everything) {
			this.#everything = false;
			this.#pending.clear();
			return "everything";
		}
		const streams = [...this.#pending].slice(0, STREAMS_A_CALL);
		for (const stream of streams) this.#pending.delete(stream);
		return { streams };
	}

	#put(purge: Purge): void {
		if (purge === "everything") this.#everything = true;
		else for (const stream of purge.streams) this.#pending.add(stream);
		if (this.#pending.size > PENDING_MAX) this.#everything = true;
		if (this.#everything) this.#pending.clear();
	}

	/** How many streams wait or are under way; one may be both. */
	#unpurged(): number {
		if (this.#underWay === undefined || this.#underWay === "everything") return this.#pending.size;
		return new Set([...this.#pending, ...this.#underWay.streams]).size;
	}
}
