/**
 * A search: reads one stream from its newest end down, and hands out the events that fit.
 *
 *     low ◀────────────── not yet ──────────── reached ◀── searched ── high
 *
 * It reads in steps of a few milliseconds, and lets others have their turn between two of them. It
 * ends at the oldest entry, at as many events as it may find, or when its time is over; where it
 * stopped, a later search goes on. Who leaves the loop stops it.
 */
import { setImmediate } from "node:timers/promises";
import { isRefusal } from "../errors.ts";
import type { Slice, StreamEntry } from "../log/log.ts";
import { stepAfter } from "../pages/replay.ts";
import { type Fitting, judge } from "./judge.ts";
import type { SearchQuery } from "./query.ts";
import { type SearchedLog, type SearchLog, type Span, spanOf } from "./source.ts";
import type { Value } from "./values.ts";

export type Hit = { readonly entry: StreamEntry; readonly value?: Value };

/** What one step found, and how far the search has come with it. */
export type SearchStep = { readonly hits: readonly Hit[]; readonly progress: Progress };

export type Progress = {
	readonly span: Span;
	/** The next entry to search; everything above it is done. */
	readonly next: number;
	/** When the oldest entry that was searched was written; undefined if none was there. */
	readonly reached: number | undefined;
	readonly found: number;
	readonly fitting: Readonly<Fitting>;
	/** Entries that are damaged, and so were not searched. */
	readonly unreadable: number;
	readonly milliseconds: number;
	readonly end: SearchEnd | undefined;
};

/** Why a search ended. */
export type SearchEnd = "all-searched" | "found-max" | "time-max";

export type SearchLimits = { readonly foundMax: number; readonly msMax: number };

/** Events may have 4 MiB each, and how large they are is only known once they were read. */
const STEP_FIRST = 1;
const STEP_MAX = 500;
/** Of events with their content: if they suddenly are large, not too many of them are. */
const WHOLE_STEP_MAX = 100;
/** What others wait for at most, but for an event that is large by itself. */
const STEP_MS = 3;

/** @throws Refusal as a read of the stream that is searched */
export async function* search(
	log: SearchedLog,
	query: SearchQuery,
	limits: SearchLimits,
): AsyncGenerator<SearchStep> {
	const started = performance.now();
	const running = new Running(log.reads, query, limits, await spanOf(log, query));
	for (;;) {
		const hits = await running.step();
		const milliseconds = performance.now() - started;
		const progress = running.progress(milliseconds);
		yield { hits, progress };
		if (progress.end !== undefined) return;
		await setImmediate();
	}
}

/** One search while it runs. */
class Running {
	readonly #log: SearchLog;
	readonly #query: SearchQuery;
	readonly #limits: SearchLimits;
	readonly #span: Span;
	readonly #fitting: Fitting = { id: 0, type: 0, stream: 0, path: 0, value: 0 };
	#low: number;
	#next: number;
	#limit = STEP_FIRST;
	#reached: number | undefined;
	#found = 0;
	#unreadable = 0;

	constructor(log: SearchLog, query: SearchQuery, limits: SearchLimits, span: Span) {
		this.#log = log;
		this.#query = query;
		this.#limits = limits;
		this.#span = span;
		this.#low = span.low;
		this.#next = span.high;
	}

	progress(milliseconds: number): Progress {
		return {
			span: this.#span,
			next: this.#next,
			reached: this.#reached,
			found: this.#found,
			fitting: { ...this.#fitting },
			unreadable: this.#unreadable,
			milliseconds,
			end: this.#end(milliseconds),
		};
	}

	#end(milliseconds: number): SearchEnd | undefined {
		if (this.#next < this.#low) return "all-searched";
		if (this.#found >= this.#limits.foundMax) return "found-max";
		return milliseconds >= this.#limits.msMax ? "time-max" : undefined;
	}

	async step(): Promise<readonly Hit[]> {
		const from = this.#next;
		if (from < this.#low) return [];
		const began = performance.now();
		const limit = Math.min(this.#limit, from - this.#low + 1);
		const isWhole = this.#query.value !== undefined;
		const slice = await this.#read(from, limit, isWhole);
		if (slice === undefined) {
			// Too large for one step, or damaged: one by one it is seen which entry that is.
			this.#limit = 1;
			if (limit > 1) return [];
			this.#unreadable++;
			this.#next--;
			return [];
		}
		const hits: Hit[] = [];
		for (const entry of slice.entries) {
			const hit = await this.#judge(entry);
			this.#next = Number(entry.version) - 1;
			this.#reached = (entry.link ?? entry.event).created;
			if (hit) hits.push(hit);
			if (this.#found >= this.#limits.foundMax) return hits;
		}
		this.#pass(slice, from - limit);
		const paced = pacedAfter(limit, performance.now() - began);
		this.#limit = Math.min(isWhole ? WHOLE_STEP_MAX : STEP_MAX, stepAfter(slice), paced);
		return hits;
	}

	async #read(from: number, limit: number, content: boolean): Promise<Slice | undefined> {
		const { stream } = this.#span;
		try {
			return await this.#log.read({ stream, from, limit, direction: "backward", content });
		} catch (error) {
			if (isRefusal(error, "log-damaged") || isRefusal(error, "page-too-large")) return undefined;
			throw error;
		}
	}

	async #judge(entry: StreamEntry): Promise<Hit | undefined> {
		const steps = judge(this.#query, entry, this.#fitting);
		let step = steps.next();
		for (; !step.done; step = steps.next()) await setImmediate();
		const { isFound, value } = step.value;
		if (!isFound) return undefined;
		if (value) {
			this.#found++;
			return { entry, value };
		}
		// The step was read without content, which only those that are found need.
		const slice = await this.#read(Number(entry.version), 1, true);
		if (slice === undefined) this.#unreadable++;
		const whole = slice?.entries[0];
		if (!whole) return undefined;
		this.#found++;
		return { entry: whole };
	}

	/** Goes on below a step, past what is known to be gone. */
	#pass({ gap, retention }: Slice, below: number): void {
		this.#next = gap ? Math.min(below, Number(gap.first) - 1) : below;
		if (retention) this.#low = Math.max(this.#low, Number(retention.first));
	}
}

/** As many entries as take the time of a step, by what the last ones took. */
function pacedAfter(limit: number, milliseconds: number): number {
	const fitting = milliseconds > STEP_MS ? Math.floor(limit / 2) : limit * 2;
	return Math.max(1, fitting);
}
