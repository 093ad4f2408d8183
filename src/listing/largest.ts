/**
 * The streams with the most events, kept in memory. The index is begun when somebody first asks for
 * it: it looks through all names in small steps, between other requests, and hears of each commit
 * meanwhile and from then on. So what it has seen is never older than the last commit.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import { isRefusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Commit, Log } from "../log/log.ts";
import { rangesOf } from "./names.ts";

/** As many as a person pages through; some 200 kB. */
export const LARGEST_KEPT = 1000;
/** Room to drop the smallest seldom. */
const HELD_MAX = 2 * LARGEST_KEPT;
/** As long as a person does not notice. */
const WAIT_MS = 100;
/** Half a millisecond of look-ups. */
const STEP = 50;

export class Largest {
	readonly #log: Log;
	readonly #last = new Map<StreamName, number>();
	readonly #stopListening: () => void;
	#building: Promise<void> | undefined;
	#isComplete = false;
	#isClosed = false;
	#seen = 0;
	/** No stream with fewer events belongs to the largest. */
	#least = -1;

	constructor(log: Log) {
		this.#log = log;
		this.#stopListening = log.onCommit((commit) => this.#follow(commit));
	}

	/** The largest so far, largest first. A small store is looked through while the caller waits. */
	async ranked(): Promise<StreamName[]> {
		this.#building ??= this.#build();
		if (!this.#isComplete) await Promise.race([this.#building, setTimeout(WAIT_MS)]);
		return this.#sorted().map(([stream]) => stream);
	}

	progress(): { readonly streams: number; readonly isComplete: boolean } {
		return { streams: this.#seen, isComplete: this.#isComplete };
	}

	close(): void {
		this.#isClosed = true;
		this.#stopListening();
		this.#last.clear();
	}

	async #build(): Promise<void> {
		for (const span of rangesOf("", undefined)) {
			let { from } = span;
			for (;;) {
				const names = await this.#names(from, span.before);
				for (const name of names) await this.#consider(name);
				const last = names.at(-1);
				if (last === undefined || this.#isClosed) break;
				from = `${last}\0`;
				await setImmediate();
			}
		}
		this.#isComplete = !this.#isClosed;
	}

	async #names(from: string, before: string | undefined): Promise<readonly StreamName[]> {
		try {
			return await this.#log.names({ from, before, limit: STEP });
		} catch (error) {
			if (isRefusal(error)) return [];
			throw error;
		}
	}

	async #consider(stream: StreamName): Promise<void> {
		this.#seen++;
		try {
			this.#raise(stream, Number(await this.#log.last(stream)));
		} catch (error) {
			// Deleted for ever, damaged, or the log is closing: no stream to list.
			if (!isRefusal(error)) throw error;
		}
	}

	#follow({ streams, marked }: Commit): void {
		if (this.#building === undefined) return;
		for (const [stream, last] of streams) {
			if (!stream.startsWith("$")) this.#raise(stream, Number(last));
		}
		// What a row shows is looked up; here a deleted stream would only take the place of another.
		for (const stream of marked) {
			if (this.#last.delete(stream)) void this.#consider(stream);
		}
	}

	#raise(stream: StreamName, last: number): void {
		if (last < 0 || last < this.#least) return;
		this.#last.set(stream, last);
		if (this.#last.size < HELD_MAX) return;
		for (const [name] of this.#sorted().slice(LARGEST_KEPT)) this.#last.delete(name);
		this.#least = this.#sorted().at(-1)?.[1] ?? -1;
	}

	#sorted(): [StreamName, number][] {
		return [...this.#last].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
	}
}
