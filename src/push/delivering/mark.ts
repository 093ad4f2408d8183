/**
 * Up to which position nothing in `$all` was left for the pushes that had nothing to do. Without
 * it, each push over `$all` with a filter would read from its own checkpoint to the end when the
 * server starts, only to find that nothing is for it.
 */

import { isTexts } from "../../accounts/json.ts";
import { appendOwn, closeStream } from "../../accounts/own-streams.ts";
import { isBookkeeping } from "../../bookkeeping.ts";
import { isRefusal } from "../../errors.ts";
import { ALL, type StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { parseObject } from "../../subscriptions/json.ts";

const STREAM = "$push-mark" as StreamName;
const TYPE = "$PushMark";
const EVERY_MS = 60_000;
/** A start looks at so many pages behind its mark. */
const PAGES_MAX = 20;
const PAGE = 500;
/** More names make no mark: reading again is cheaper than such an event each minute. */
const BUSY_MAX = 1000;
/** The log has to have grown by so much. */
const EVENTS_MIN = 1000;

export class Mark {
	readonly #log: Log;
	readonly #busy: () => readonly string[] | undefined;
	readonly #report: (error: unknown) => void;
	#position = -1;
	#exceptions = new Set<string>();
	/** The newest position that was heard of. */
	#heard = -1;
	#written = -1;
	#timer: NodeJS.Timeout | undefined;
	#stopListening: () => void = () => undefined;

	/**
	 * @param busy the keys of those that may have something to do, now or when they go on; undefined
	 *   if there are no pushes, and so nothing is to be written
	 */
	constructor(
		log: Log,
		busy: () => readonly string[] | undefined,
		report: (error: unknown) => void,
	) {
		this.#log = log;
		this.#report = report;
		this.#busy = busy;
	}

	async load(): Promise<void> {
		this.#stopListening = this.#log.onCommit(({ last }) => {
			this.#heard = Math.max(this.#heard, last);
		});
		const range = { stream: STREAM, from: "head", limit: 1, direction: "backward" } as const;
		const slice = await this.#log.read({ ...range, content: true }).catch(noneIfDeleted);
		const [newest] = slice?.entries ?? [];
		const { position, busy } = (newest && parseObject(newest.event.data)) ?? {};
		if (Number.isSafeInteger(position) && isTexts(busy)) {
			this.#position = position as number;
			this.#exceptions = new Set(busy);
			await this.#passBookkeeping();
		}
		this.#written = Math.max(this.#position, await this.#log.last(ALL));
		this.#timer = setInterval(() => void this.write(EVENTS_MIN), EVERY_MS);
		this.#timer.unref();
	}

	/** What the server wrote for itself behind the mark, such as the mark, is for no push either. */
	async #passBookkeeping(): Promise<void> {
		for (let page = 0; page < PAGES_MAX; page++) {
			const range = { stream: ALL, from: this.#position + 1, limit: PAGE } as const;
			const slice = await this.#log.read({ ...range, direction: "forward", content: false });
			const other = slice.entries.find(({ event }) => !isBookkeeping(event.stream));
			const end = Math.min(this.#position + PAGE, slice.last);
			if (slice.gap || other) {
				this.#position = Number(other?.version ?? slice.gap?.first ?? 0) - 1;
				return;
			}
			this.#position = Math.max(this.#position, end);
			if (end >= slice.last) return;
		}
	}

	/**
	 * The last position that has nothing for a push; -1 if nothing is known.
	 * @param configuredAt where its settings stand: a mark before them says nothing of it
	 */
	passed(key: string, configuredAt: number): number {
		const isKnown = configuredAt <= this.#position && !this.#exceptions.has(key);
		return isKnown ? this.#position : -1;
	}

	/** Writes where the log is now, if it has grown enough. A log that refuses keeps the old mark. */
	async write(eventsMin: number): Promise<void> {
		const busy = this.#busy();
		const position = this.#heard;
		if (busy === undefined || busy.length > BUSY_MAX) return;
		if (position - this.#written < eventsMin) return;
		const data = Buffer.from(JSON.stringify({ position, busy }));
		try {
			await closeStream(this.#log, STREAM, { $maxCount: 1 });
			await appendOwn(this.#log, STREAM, { type: TYPE, data });
			this.#written = position;
			this.#position = position;
			this.#exceptions = new Set(busy);
		} catch (error) {
			// The old mark counts on.
			if (!isRefusal(error)) this.#report(error);
		}
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		this.#stopListening();
		await this.write(EVENTS_MIN);
	}
}

function noneIfDeleted(error: unknown): undefined {
	if (isRefusal(error, "stream-deleted")) return undefined;
	throw error;
}
