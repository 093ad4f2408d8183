/**
 * How far a reader is behind the end of its stream. In `$all`, the streams in which the server
 * keeps places do not count at the end: whoever has read all but those is not behind.
 */
import { isBookkeeping } from "../bookkeeping.ts";
import { isRefusal } from "../errors.ts";
import { ALL, type StreamName } from "../event.ts";
import type { Log, Slice, StreamEntry } from "../log/log.ts";

export type Lag = {
	/** Numbers of the stream beyond the position: at most so many events. */
	readonly events: number;
	/** The age of the first event beyond it. */
	readonly seconds: number;
};

export const NO_LAG: Lag = { events: 0, seconds: 0 };
const PART = 100;
/** A thousand idle groups write fewer checkpoints between two events of others. */
const PARTS_MAX = 100;

export class Lags {
	readonly #log: Log;
	/** The last position that counts, at a head of `$all`. */
	#known = { head: -1, counted: -1 };

	constructor(log: Log) {
		this.#log = log;
	}

	/**
	 * @param at the number of the last event that was handled; -1 for none
	 * @throws Refusal as a read, except `stream-deleted`: nothing is left to be handled
	 */
	async of(stream: StreamName, at: number): Promise<Lag> {
		const last = await this.lastOf(stream);
		if (last <= at) return NO_LAG;
		const next = await this.#firstBeyond(stream, at);
		const ageMs = next ? Date.now() - next.event.created : 0;
		return { events: last - at, seconds: Math.max(0, Math.floor(ageMs / 1000)) };
	}

	/** The last number of a stream that counts; -1 for none. @throws Refusal as `of` */
	async lastOf(stream: StreamName): Promise<number> {
		const last = await this.headOf(stream);
		return stream === ALL ? this.#lastCounted(last) : last;
	}

	/** The last number of a stream; -1 for none. @throws Refusal as `of` */
	async headOf(stream: StreamName): Promise<number> {
		try {
			return await this.#log.last(stream);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return -1;
			throw error;
		}
	}

	/** Looks at what is new since the last call; a long run of bookkeeping counts as events. */
	async #lastCounted(head: number): Promise<number> {
		const known = this.#known;
		if (head <= known.head) return known.counted;
		const floor = Math.max(known.head, head - PART * PARTS_MAX);
		let counted = floor > known.head ? floor : known.counted;
		for (let from = head; from > floor; from -= PART) {
			const { entries } = await this.#read(ALL, from, "backward");
			const newest = entries.find(({ event }) => !isBookkeeping(event.stream));
			if (!newest) continue;
			counted = Math.max(known.counted, newest.version);
			break;
		}
		if (head > this.#known.head) this.#known = { head, counted };
		return counted;
	}

	async #firstBeyond(stream: StreamName, at: number): Promise<StreamEntry | undefined> {
		let next = at + 1;
		for (let parts = 0; parts < PARTS_MAX; parts++) {
			const slice = await this.#read(stream, next, "forward");
			const counts = ({ event }: StreamEntry) => stream !== ALL || !isBookkeeping(event.stream);
			const first = slice.entries.find(counts);
			const behind = Math.max(
				next + PART,
				slice.retention?.first ?? 0,
				(slice.gap?.last ?? -1) + 1,
			);
			if (first || behind > slice.last) return first;
			next = behind;
		}
		return undefined;
	}

	#read(stream: StreamName, from: number, direction: "forward" | "backward"): Promise<Slice> {
		return this.#log.read({ stream, from, limit: PART, direction, content: false });
	}
}
