/**
 * Tells the caches in front of the server what they must not show any longer.
 *
 *     commit ─▶ which streams show less? ─▶ a queue for each cache ─▶ PURGE, BAN, POST
 *                                                  │ all idle
 *                                                  ▼
 *                                              watermark
 *
 * Nothing waits for it: a delete is answered when it is on disk. What a crash cut short is known by
 * the watermark, and then everything is purged at the next start.
 */
import { join } from "node:path";
import type { Commit, Log } from "../log/log.ts";
import type { CacheAddress } from "./addresses.ts";
import { newestHiding, streamsHidden } from "./hidden.ts";
import type { Paths } from "./paths.ts";
import { type Send, sendTags, sendUrls } from "./purge.ts";
import { createPurgeQueue, type Purge, type QueueState } from "./queue.ts";
import { readWatermark, writeWatermark } from "./watermark.ts";

export type Purging = {
	/** Of each cache, in the order they were listed. */
	state(): CacheState[];
	/** Tells what is still to be told, for a bounded time. */
	close(): Promise<void>;
};

export type CacheState = QueueState & {
	/** Purges that cannot be had by URL: the cache has to be emptied by hand. */
	readonly abandoned: number;
};

export type PurgingOptions = {
	readonly caches: readonly CacheAddress[];
	readonly method: string;
	readonly by: "tags" | "urls";
	readonly paths: Paths;
	/** The host readers ask for; undefined for the cache's own. */
	readonly host: string | undefined;
	/** Where the watermark lies. */
	readonly directory: string;
	readonly say: (text: string) => void;
	readonly pauseMs?: number;
	readonly againMs?: number;
	readonly drainMs?: number;
};

/**
 * An answer that was on its way to the cache when it was purged is kept after it: all is said once
 * more, when such answers have arrived.
 */
const AGAIN_MS = 10_000;
/** What a shutdown gives the last purges. */
const DRAIN_MS = 5_000;

export async function startPurging(log: Log, options: PurgingOptions): Promise<Purging> {
	const { directory, say, againMs = AGAIN_MS, drainMs = DRAIN_MS } = options;
	const file = join(directory, "purged.json");
	const caches = options.caches.map(({ shown }) => shown).join();
	const stopped = new AbortController();
	const before = await readWatermark(file);
	const { incarnation } = log;
	// Positions of a history that was replaced say nothing.
	const isSame = before?.caches === caches && before.incarnation === incarnation;
	let position = isSame ? before.position : -1;
	let erasures = isSame ? before.erasures : 0;
	/** Commits are looked at one after another. */
	let looking: Promise<void> = Promise.resolve();
	let commits = 0;
	let writing: Promise<void> = Promise.resolve();
	/** What is to be said once more. */
	const again = new Map<NodeJS.Timeout, Purge>();

	const note = () => {
		const isQuiet = commits === 0 && again.size === 0;
		if (!isQuiet || queues.some(({ queue }) => !queue.isIdle())) return;
		const watermark = { incarnation, position, erasures, caches };
		writing = writing
			.then(() => writeWatermark(file, watermark))
			.catch((error: unknown) => say(`purging: cannot write ${file}: ${String(error)}`));
	};
	const queues = options.caches.map((cache) => queueOf(log, options, cache, stopped.signal, note));
	const purge = (what: Purge) => {
		for (const { queue } of queues) queue.add(what);
	};
	const purgeTwice = (what: Purge) => {
		purge(what);
		const timer = setTimeout(() => {
			again.delete(timer);
			purge(what);
		}, againMs);
		again.set(timer.unref(), what);
	};
	const look = async (commit: Commit) => {
		try {
			const streams = await streamsHidden(log, commit);
			position = commit.last;
			erasures = commit.erasures ?? erasures;
			if (streams.length > 0) purgeTwice({ streams });
		} catch (error) {
			say(`purging: cannot read a commit, so everything is purged: ${String(error)}`);
			purgeTwice("everything");
		} finally {
			commits--;
			note();
		}
	};
	const stop = log.onCommit((commit) => {
		if (commit.marked.length === 0) return;
		commits++;
		looking = looking.then(() => look(commit));
	});
	const newest = await newestHiding(log).catch((error: unknown) => {
		say(`purging: cannot read the log, so everything is purged: ${String(error)}`);
		return undefined;
	});
	if (newest === undefined || newest > position || log.erasures !== erasures) {
		position = Math.max(position, newest ?? -1);
		erasures = log.erasures;
		purge("everything");
	}

	return {
		state: () => queues.map(({ state }) => state()),
		async close() {
			stop();
			const timer = setTimeout(() => stopped.abort(), drainMs);
			await looking;
			// No request is left by now, so none of its answers is on its way any more.
			for (const [waiting, what] of again) {
				clearTimeout(waiting);
				purge(what);
			}
			again.clear();
			await Promise.all(queues.map(({ queue }) => queue.close()));
			clearTimeout(timer);
			await writing;
		},
	};
}

function queueOf(
	log: Log,
	options: PurgingOptions,
	cache: CacheAddress,
	signal: AbortSignal,
	onIdle: () => void,
) {
	const { method, by, pauseMs } = options;
	let abandoned = 0;
	const say = (text: string) => options.say(`cache ${cache.shown} ${text}`);
	const abandon = (reason: string) => {
		abandoned++;
		say(`must be emptied by hand: ${reason}`);
	};
	const send: Send =
		by === "tags" ? sendTags(cache, method) : sendUrls(cache, { ...options, log, abandon });
	const queue = createPurgeQueue({
		send: (purge) => send(purge, signal),
		onIdle,
		say,
		...(pauseMs === undefined ? {} : { pauseMs }),
	});
	return { queue, state: (): CacheState => ({ ...queue.state(), abandoned }) };
}
