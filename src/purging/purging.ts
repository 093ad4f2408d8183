/**
 * Tells the caches in front of the server which documents to drop.
 *
 *     commit ─▶ which streams show less? ─▶ a queue for each cache ─▶ PURGE, BAN, POST
 *                                                  │ all idle
 *                                                  ▼
 *                                              watermark
 *
 * No request waits for it: a delete is answered when it is on disk. If a crash cuts a purge short,
 * the watermark shows it, and the next start purges everything.
 */
import { join } from "node:path";
import type { Commit, HiddenReads, Log } from "../log/log.ts";
import type { CacheAddress } from "./addresses.ts";
import { mayHide, newestHiding, streamsHidden } from "./hidden.ts";
import type { Paths } from "./paths.ts";
import { type Send, sendTags, sendUrls } from "./purge.ts";
import { type CacheState, type Purge, PurgeQueue } from "./queue.ts";
import { readWatermark, writeWatermark } from "./watermark.ts";

export type { CacheState } from "./queue.ts";

export type PurgingOptions = Calls &
	Pauses & {
		/** The directory of the watermark. */
		readonly directory: string;
		readonly say: (text: string) => void;
	};

/** Which caches are called, and how. */
type Calls = {
	readonly caches: readonly CacheAddress[];
	readonly method: string;
	readonly by: "tags" | "urls";
	readonly paths: Paths;
	/** The host readers ask for; undefined for the cache's own. */
	readonly host: string | undefined;
};

/** Stand-ins for the times below. */
type Pauses = {
	readonly pauseMs?: number;
	readonly againMs?: number;
	readonly drainMs?: number;
};

/**
 * If an answer is on its way to the cache during a purge, the cache keeps it afterwards. So every
 * purge is sent once more, when such answers have arrived.
 */
const AGAIN_MS = 10_000;
/** The time that a shutdown gives the last purges. */
const DRAIN_MS = 5_000;

/** Starts to examine commits, and purges everything if the caches may have missed one. */
export async function startPurging(
	log: Log,
	hidden: HiddenReads,
	options: PurgingOptions,
): Promise<Purging> {
	const purging = new Purging(log, hidden, options);
	await purging.start();
	return purging;
}

export class Purging {
	readonly #log: Log;
	readonly #hidden: HiddenReads;
	readonly #options: PurgingOptions;
	readonly #file: string;
	readonly #queues: readonly PurgeQueue[];
	readonly #stopped = new AbortController();
	/** The purges to send once more. */
	readonly #again = new Map<NodeJS.Timeout, Purge>();
	#position = -1;
	#erasures = 0;
	#stopListening: () => void = () => {};
	/** The number of commits not examined yet; they are examined one after another. */
	#commits = 0;
	#examining: Promise<void> = Promise.resolve();
	#writing: Promise<void> = Promise.resolve();

	constructor(log: Log, hidden: HiddenReads, options: PurgingOptions) {
		this.#log = log;
		this.#hidden = hidden;
		this.#options = options;
		this.#file = join(options.directory, "purged.json");
		const onIdle = () => this.#note();
		this.#queues = options.caches.map((cache) =>
			queueOf(hidden, options, cache, this.#stopped.signal, onIdle),
		);
	}

	/** Goes on from the watermark; for `startPurging` alone. */
	async start(): Promise<void> {
		const before = await readWatermark(this.#file);
		// Positions of a history that was replaced say nothing.
		if (before?.caches === this.#caches() && before.incarnation === this.#log.incarnation) {
			this.#position = before.position;
			this.#erasures = before.erasures;
		}
		this.#stopListening = this.#log.onCommit((commit) => {
			if (!mayHide(commit)) return;
			this.#commits++;
			this.#examining = this.#examining.then(() => this.#examine(commit));
		});
		const newest = await newestHiding(this.#hidden).catch((error: unknown) => {
			this.#options.say(`purging: cannot read the log, so everything is purged: ${String(error)}`);
			return undefined;
		});
		const isKnown = newest !== undefined && newest <= this.#position;
		if (isKnown && this.#log.erasures === this.#erasures) return;
		this.#position = Math.max(this.#position, newest ?? -1);
		this.#erasures = this.#log.erasures;
		this.#purge("everything");
	}

	/** The state of each cache, in the order of the options. */
	state(): CacheState[] {
		return this.#queues.map((queue) => queue.state());
	}

	/** Sends the purges that are left, for a bounded time. */
	async close(): Promise<void> {
		this.#stopListening();
		const { drainMs = DRAIN_MS } = this.#options;
		const timer = setTimeout(() => this.#stopped.abort(), drainMs);
		await this.#examining;
		// No request is left by now, so none of its answers is on its way any more.
		for (const [repeat, purge] of this.#again) {
			clearTimeout(repeat);
			this.#purge(purge);
		}
		this.#again.clear();
		await Promise.all(this.#queues.map((queue) => queue.close()));
		clearTimeout(timer);
		await this.#writing;
	}

	async #examine(commit: Commit): Promise<void> {
		try {
			const streams = await streamsHidden(this.#log, this.#hidden, commit);
			this.#position = commit.last;
			this.#erasures = commit.erasures ?? this.#erasures;
			if (streams === "everything") this.#purgeTwice(streams);
			else if (streams.length > 0) this.#purgeTwice({ streams });
		} catch (error) {
			const reason = String(error);
			this.#options.say(`purging: cannot read a commit, so everything is purged: ${reason}`);
			this.#purgeTwice("everything");
		} finally {
			this.#commits--;
			this.#note();
		}
	}

	#purgeTwice(purge: Purge): void {
		this.#purge(purge);
		const { againMs = AGAIN_MS } = this.#options;
		const timer = setTimeout(() => {
			this.#again.delete(timer);
			this.#purge(purge);
		}, againMs);
		this.#again.set(timer.unref(), purge);
	}

	#purge(purge: Purge): void {
		for (const queue of this.#queues) queue.add(purge);
	}

	/** Writes the watermark once no purge is left. */
	#note(): void {
		const isQuiet = this.#commits === 0 && this.#again.size === 0;
		if (!isQuiet || this.#queues.some((queue) => !queue.isIdle())) return;
		const { incarnation } = this.#log;
		const reached = { incarnation, position: this.#position, erasures: this.#erasures };
		const watermark = { ...reached, caches: this.#caches() };
		this.#writing = this.#writing
			.then(() => writeWatermark(this.#file, watermark))
			.catch((error: unknown) =>
				this.#options.say(`purging: cannot write ${this.#file}: ${String(error)}`),
			);
	}

	#caches(): string {
		return this.#options.caches.map(({ displayUrl }) => displayUrl).join();
	}
}

function queueOf(
	hidden: HiddenReads,
	options: PurgingOptions,
	cache: CacheAddress,
	signal: AbortSignal,
	onIdle: () => void,
): PurgeQueue {
	const { method, by, pauseMs } = options;
	const abandon = (reason: string) => queue.abandon(reason);
	const send: Send =
		by === "tags" ? sendTags(cache, method) : sendUrls(cache, { ...options, hidden, abandon });
	const queue = new PurgeQueue({
		send: (purge) => send(purge, signal),
		onIdle,
		say: (text) => options.say(`cache ${cache.displayUrl} ${text}`),
		...(pauseMs === undefined ? {} : { pauseMs }),
	});
	return queue;
}
