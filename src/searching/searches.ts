/**
 * All searches of a server. Each takes its turns of the one thread that answers requests, so only
 * some run at a time.
 */
import { Refusal } from "../errors.ts";
import type { SearchQuery } from "./query.ts";
import { type SearchStep, search } from "./search.ts";
import type { SearchLog } from "./source.ts";

export type SearchesLimits = {
	readonly searchesMax: number;
	readonly searchFoundMax: number;
	readonly searchMs: number;
};

const RETRY_AFTER_SECONDS = 5;

export class Searches {
	readonly #log: SearchLog;
	readonly #limits: SearchesLimits;
	#running = 0;

	constructor(log: SearchLog, limits: SearchesLimits) {
		this.#log = log;
		this.#limits = limits;
	}

	/** How many run. */
	get running(): number {
		return this.#running;
	}

	/**
	 * Each step as it is done, the first one at once. Whoever takes a first step has to take all, or
	 * to call `return`: until then the search is one of those that run.
	 * @param reads the log as the searcher may read it; of the rest, only the times of events count
	 * @param msMax for a caller who gives it less time than the server does
	 * @throws Refusal `overloaded`, and as a read of the stream that is searched
	 */
	async *run(
		query: SearchQuery,
		reads: SearchLog = this.#log,
		msMax = Infinity,
	): AsyncGenerator<SearchStep> {
		const { searchFoundMax } = this.#limits;
		const log = { reads, times: this.#log };
		const foundMax = Math.min(query.limit ?? searchFoundMax, searchFoundMax);
		yield* this.among((searchMs) => {
			return search(log, query, { foundMax, msMax: Math.min(msMax, searchMs) });
		});
	}

	/**
	 * Lets something else that reads the log be one of the searches that run.
	 * @param begin gets the milliseconds that it may take
	 * @throws Refusal `overloaded`, and as what it begins
	 */
	async *among<T>(begin: (msMax: number) => AsyncGenerator<T>): AsyncGenerator<T> {
		const { searchesMax, searchMs } = this.#limits;
		if (this.#running >= searchesMax) {
			const retryAfterSeconds = RETRY_AFTER_SECONDS;
			throw new Refusal("overloaded", { queue: "searches", limit: searchesMax, retryAfterSeconds });
		}
		this.#running++;
		try {
			yield* begin(searchMs);
		} finally {
			this.#running--;
		}
	}
}
