/**
 * The streams with the most bytes of data and metadata, shown or not: what the disk holds of them.
 * A commit does not tell how many bytes a stream got, and a count for each of ten million streams
 * would take more memory than the rest of the server. So this is a list of one moment, made in
 * small steps between other requests, and made anew if somebody asks once it has become old.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { isRefusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";
import { rangesOf } from "./names.ts";

/** As many as a person pages through; some 200 kB. */
const KEPT = 1000;
/** Room to drop the lightest seldom. */
const HELD_MAX = 2 * KEPT;
/** As long as a person does not notice. */
const WAIT_MS = 100;
/** Names that are looked up at once. */
const NAMES_STEP = 50;
/** Of a long stream: the versions that are added up at once, in a millisecond or two. */
const VERSIONS_STEP = 1000;
/** A list older than this is made anew, and one that took long to make, at twenty times that. */
const FRESH_MS = 60_000;
const PAUSE_FACTOR = 20;

export type Weighed = { readonly stream: StreamName; readonly bytes: number };
type WeighedLog = Pick<Log, "names" | "last" | "bytesOf">;

export class Heaviest {
	readonly #log: WeighedLog;
	readonly #left = new AbortController();
	#complete: Weighing | undefined;
	#running: Weighing | undefined;
	#over: Promise<void> | undefined;

	constructor(log: WeighedLog) {
		this.#log = log;
	}

	/** The heaviest first: of the last list that was finished, or of the first one so far. */
	async ranked(): Promise<readonly Weighed[]> {
		if (!this.#running && !this.#left.signal.aborted && (this.#complete?.isOld() ?? true)) {
			this.#over = this.#make();
			// Whoever waits for it hears of a failure; others have the list of before, and its age.
			this.#over.catch(() => undefined);
		}
		// A small store is looked through while the caller waits.
		if (!this.#complete) await Promise.race([this.#over, setTimeout(WAIT_MS)]);
		return (this.#complete ?? this.#running)?.ranked() ?? [];
	}

	/** How many streams were looked at, whether these are all, and how old a finished list is. */
	progress(): { readonly streams: number; readonly isComplete: boolean; readonly ageMs?: number } {
		const shown = this.#complete ?? this.#running;
		const streams = shown?.seen ?? 0;
		if (!this.#complete) return { streams, isComplete: false };
		return { streams, isComplete: true, ageMs: this.#complete.ageMs };
	}

	close(): void {
		this.#left.abort();
	}

	async #make(): Promise<void> {
		const weighing = new Weighing(this.#log);
		this.#running = weighing;
		try {
			if (await weighing.run(this.#left.signal)) this.#complete = weighing;
		} finally {
			this.#running = undefined;
		}
	}
}

/** One walk through all streams. */
class Weighing {
	readonly #log: WeighedLog;
	readonly #bytes = new Map<StreamName, number>();
	readonly #beganMs = performance.now();
	#tookMs = 0;
	/** No stream with fewer bytes belongs to the heaviest. */
	#least = -1;
	seen = 0;

	constructor(log: WeighedLog) {
		this.#log = log;
	}

	get ageMs(): number {
		return Math.round(performance.now() - this.#beganMs);
	}

	isOld(): boolean {
		return this.ageMs > Math.max(FRESH_MS, PAUSE_FACTOR * this.#tookMs);
	}

	ranked(): Weighed[] {
		return this.#sorted().map(([stream, bytes]) => ({ stream, bytes }));
	}

	/** @returns whether it has seen all */
	async run(left: AbortSignal): Promise<boolean> {
		try {
			for (const { from: first, before } of rangesOf("", undefined)) {
				let from = first;
				while (!left.aborted) {
					const names = await this.#log.names({ from, before, limit: NAMES_STEP });
					for (const name of names) await this.#weigh(name, left);
					const last = names.at(-1);
					if (last === undefined) break;
					from = `${last}\0`;
					await setImmediate();
				}
			}
		} catch (error) {
			// Damaged, or closing: there is no list, and the next request tries again.
			if (isRefusal(error)) return false;
			throw error;
		}
		this.#tookMs = this.ageMs;
		return !left.aborted;
	}

	async #weigh(stream: StreamName, left: AbortSignal): Promise<void> {
		this.seen++;
		const last = await this.#lastOf(stream);
		let bytes = 0;
		for (let first = 0; first <= last && !left.aborted; first += VERSIONS_STEP) {
			const end = Math.min(last, first + VERSIONS_STEP - 1);
			bytes += await this.#log.bytesOf({ stream, first, last: end });
			if (end < last) await setImmediate();
		}
		if (bytes > 0 && bytes >= this.#least) this.#keep(stream, bytes);
	}

	/** Of a stream that was deleted for ever there is nothing to list. */
	async #lastOf(stream: StreamName): Promise<number> {
		try {
			return Number(await this.#log.last(stream));
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return -1;
			throw error;
		}
	}

	#keep(stream: StreamName, bytes: number): void {
		this.#bytes.set(stream, bytes);
		if (this.#bytes.size < HELD_MAX) return;
		for (const [name] of this.#sorted().slice(KEPT)) this.#bytes.delete(name);
		this.#least = this.#sorted().at(-1)?.[1] ?? -1;
	}

	#sorted(): [StreamName, number][] {
		return [...this.#bytes].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
	}
}
