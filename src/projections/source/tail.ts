/**
 * The newest events of the log, read once for all projections that are at its head. Whoever is
 * further behind, or may not read everything, reads the log itself.
 *
 *     $all    ──────────────[from ┄┄┄┄┄┄┄┄┄┄ to)        what it holds, without a gap
 *     a reader that is complete before ▲ here finds in it all that its stream got since then
 *
 * It holds nothing that metadata may hide, or that was erased: such a commit empties it.
 */
import { ALL } from "../../event.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import type { Log, StreamEntry } from "../../log/log.ts";
import { categoryOf } from "./selection.ts";

/** So many events are held: some seconds of a busy log. */
const HELD_MAX = 10_000;
const HELD_BYTES_MAX = 16 * 1024 * 1024;
const READ = 500;
/** If it is further behind than this, it begins anew at the head. */
const BEHIND_MAX = 2000;

export type TailPart = {
	readonly entries: readonly StreamEntry[];
	/** The stream has nothing else before this position. */
	readonly before: number;
};

type Matches = (entry: StreamEntry) => boolean;

/** Listens to the log until it is closed. */
export class Tail {
	readonly #log: Log;
	readonly #stopListening: () => void;
	#held: StreamEntry[] = [];
	#bytes = 0;
	#from = 0;
	#to = 0;
	/** Grows whenever it is emptied. */
	#edition = 0;
	#reading: Promise<void> | undefined;

	constructor(log: Log) {
		this.#log = log;
		this.#stopListening = log.onCommit(({ marked, erasures }) => {
			if (marked.length > 0 || erasures !== undefined) this.#empty(this.#to);
		});
	}

	/**
	 * What a stream got from a position on, as its own events or those that its index lists.
	 * @param from everything before it is known to the reader
	 * @param end the first position that is not wanted
	 * @returns undefined if it cannot tell
	 */
	async read(
		stream: string,
		from: number,
		end: number,
		limit: number,
	): Promise<TailPart | undefined> {
		const matches = matcherOf(stream);
		if (matches === undefined) return undefined;
		await this.#catchUp(end);
		if (from < this.#from || from > this.#to || this.#to < end) return undefined;
		const entries: StreamEntry[] = [];
		for (let at = this.#indexOf(from); at < this.#held.length; at++) {
			const entry = this.#held[at] as StreamEntry;
			if (entry.version >= end) break;
			if (!matches(entry)) continue;
			// It may lead to an event that is not here.
			if (entry.event.type === LINK_TYPE && stream !== ALL) return undefined;
			entries.push(entry);
			if (entries.length >= limit) return { entries, before: Number(entry.version) + 1 };
		}
		return { entries, before: end };
	}

	close(): void {
		this.#stopListening();
		this.#empty(0);
	}

	async #catchUp(end: number): Promise<void> {
		while (this.#to < end) {
			if (end - this.#to > BEHIND_MAX) this.#empty(end);
			this.#reading ??= this.#readMore().finally(() => {
				this.#reading = undefined;
			});
			await this.#reading;
		}
	}

	async #readMore(): Promise<void> {
		const from = this.#to;
		const edition = this.#edition;
		const range = { stream: ALL, from, limit: READ, direction: "forward" } as const;
		const slice = await this.#log.read({ ...range, content: true, resolve: false });
		// It was emptied meanwhile.
		if (edition !== this.#edition) return;
		const { entries, last, gap } = slice;
		this.#held.push(...entries);
		for (const { event } of entries) this.#bytes += event.data.length + event.metadata.length;
		this.#to = Math.max(Math.min(from + READ, Number(last) + 1), Number(gap?.last ?? -1) + 1);
		if (this.#held.length > HELD_MAX || this.#bytes > HELD_BYTES_MAX) this.#letGo();
	}

	/** The older half goes. */
	#letGo(): void {
		const gone = this.#held.splice(0, Math.ceil(this.#held.length / 2));
		for (const { event } of gone) this.#bytes -= event.data.length + event.metadata.length;
		this.#from = Number(this.#held[0]?.version ?? this.#to);
	}

	#empty(at: number): void {
		this.#edition++;
		this.#held = [];
		this.#bytes = 0;
		this.#from = at;
		this.#to = at;
	}

	/** Of the first event at a position or behind it: positions without content may be missing. */
	#indexOf(position: number): number {
		let low = 0;
		let high = this.#held.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (Number(this.#held[middle]?.version) < position) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

function matcherOf(stream: string): Matches | undefined {
	if (stream === ALL) return () => true;
	if (stream.startsWith("$ce-")) {
		const category = stream.slice("$ce-".length);
		return ({ event: { stream: of } }) => !of.startsWith("$") && categoryOf(of) === category;
	}
	if (stream.startsWith("$et-")) {
		const type = stream.slice("$et-".length);
		return ({ event }) => event.type === type && type !== LINK_TYPE;
	}
	if (stream.startsWith("$")) return undefined;
	return ({ event }) => event.stream === stream;
}
