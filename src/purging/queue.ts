/**
 * What one cache is still to be told, and the loop that tells it.
 *
 *     add ─▶ pending ─▶ under way ─▶ purged
 *               ▲           │ failed
 *               └─ a pause ─┘ each twice the last, up to a minute
 *
 * Streams wait by name, each once, so what waits is bounded without losing anything: beyond
 * PENDING_MAX everything is purged instead. A purge is repeated until it succeeds.
 */
import type { StreamName } from "../event.ts";

/** What a cache is to drop: what shows these streams, or all it has of us. */
export type Purge = { readonly streams: readonly StreamName[] } | "everything";

export type PurgeQueue = {
	add(purge: Purge): void;
	state(): QueueState;
	/** Whether it was told everything. */
	isIdle(): boolean;
	/** Tries what is left once more, without pauses; `aborted` ends even that. */
	close(): Promise<void>;
};

export type QueueState = {
	/** Streams that are not purged yet; "everything" where all of them are to be. */
	readonly pending: number | "everything";
	readonly purged: number;
	readonly failed: number;
	/** Why the last try failed; null where it did not. */
	readonly failure: string | null;
};

export type QueueOptions = {
	/** Carries out a purge. @throws whatever stands in the way; it is tried again */
	readonly send: (purge: Purge) => Promise<void>;
	readonly onIdle: () => void;
	/** Told when purges begin to fail, and when they succeed again. */
	readonly say: (text: string) => void;
	readonly pauseMs?: number;
};

const PENDING_MAX = 10_000;
/** Two tags a stream: some 1.6 KiB of header, where nginx and Varnish take 8. */
const STREAMS_A_CALL = 40;
const PAUSE_MS = 500;
const PAUSE_MS_MAX = 60_000;

export function createPurgeQueue(options: QueueOptions): PurgeQueue {
	const { send, onIdle, say, pauseMs = PAUSE_MS } = options;
	const pending = new Set<StreamName>();
	let everything = false;
	let underWay: Purge | undefined;
	let running: Promise<void> | undefined;
	let wake: (() => void) | undefined;
	let closed = false;
	let purged = 0;
	let failed = 0;
	let failure: string | null = null;

	const hasMore = () => everything || pending.size > 0;
	const take = (): Purge => {
		if (everything) {
			everything = false;
			pending.clear();
			return "everything";
		}
		const streams = [...pending].slice(0, STREAMS_A_CALL);
		for (const stream of streams) pending.delete(stream);
		return { streams };
	};
	const put = (purge: Purge) => {
		if (purge === "everything") everything = true;
		else for (const stream of purge.streams) pending.add(stream);
		if (pending.size > PENDING_MAX) everything = true;
		if (everything) pending.clear();
	};
	const unpurged = () =>
		underWay === undefined || underWay === "everything"
			? pending
			: new Set([...pending, ...underWay.streams]);
	const pause = (ms: number) =>
		new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, ms);
			wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});

	async function run(): Promise<void> {
		let waitMs = pauseMs;
		while (hasMore()) {
			const purge = take();
			underWay = purge;
			try {
				await send(purge);
				underWay = undefined;
				purged++;
				waitMs = pauseMs;
				if (failure !== null) say("accepts purges again");
				failure = null;
			} catch (error) {
				underWay = undefined;
				put(purge);
				failed++;
				const reason = error instanceof Error ? error.message : String(error);
				if (reason !== failure) say(`did not accept a purge, which will be repeated: ${reason}`);
				failure = reason;
				if (closed) return;
				await pause(waitMs);
				waitMs = Math.min(waitMs * 2, PAUSE_MS_MAX);
			}
		}
	}
	const start = () => {
		running ??= run().then(() => {
			running = undefined;
			if (!hasMore()) onIdle();
			else if (!closed) start();
		});
	};

	return {
		add(purge) {
			put(purge);
			if (hasMore()) start();
		},
		state: () => ({
			pending: everything || underWay === "everything" ? "everything" : unpurged().size,
			purged,
			failed,
			failure,
		}),
		isIdle: () => running === undefined && !hasMore(),
		async close() {
			closed = true;
			wake?.();
			await running;
		},
	};
}
