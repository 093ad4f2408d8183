/**
 * Requests by route, method and outcome. The routes are those of the table and one for the rest, so
 * however many URLs clients ask for, there are never more numbers.
 */
import { Histogram, REQUEST_SECONDS } from "./histogram.ts";

/** By the first digit of the status; the first is of clients that left before an answer. */
export const OUTCOMES = ["gone", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** The requests of one route. */
export class RouteNumbers {
	readonly method: string;
	readonly route: string;
	/** Answers by outcome. */
	readonly answers = new Float64Array(OUTCOMES.length);
	/** By outcome, of the requests that did not wait for an event; made at the first one. */
	readonly seconds: (Histogram | undefined)[] = OUTCOMES.map(() => undefined);

	/** @param route a pattern such as `/streams/:stream`, never what a client sent */
	constructor(method: string, route: string) {
		this.method = method;
		this.route = route;
	}

	/** @param seconds to the head of the answer; undefined for a request that waited for an event */
	note(status: number, seconds: number | undefined): void {
		const outcome = Math.floor(status / 100);
		this.answers[outcome] = (this.answers[outcome] ?? 0) + 1;
		if (seconds === undefined) return;
		let histogram = this.seconds[outcome];
		if (histogram === undefined) {
			histogram = new Histogram(REQUEST_SECONDS);
			this.seconds[outcome] = histogram;
		}
		histogram.observe(seconds);
	}
}

/** The requests of one server. */
export class RequestNumbers {
	/** What no route takes: unknown paths, other methods, what cannot be read. */
	readonly others = new RouteNumbers("other", "none");
	readonly #routes = new Map<object, RouteNumbers>();

	/** @param routes the table of routes */
	constructor(routes: Iterable<{ readonly method: string; readonly path: string }>) {
		for (const route of routes) {
			this.#routes.set(route, new RouteNumbers(route.method, route.path));
		}
	}

	/** @param route a row of the table; HEAD counts as GET */
	of(route: object | undefined): RouteNumbers {
		return (route && this.#routes.get(route)) ?? this.others;
	}

	all(): readonly RouteNumbers[] {
		return [...this.#routes.values(), this.others];
	}

	/** @param digit of the statuses to count; all if it is left out */
	total(digit?: number): number {
		let sum = 0;
		for (const { answers } of this.all()) {
			for (const [outcome, count] of answers.entries()) {
				if (digit === undefined || outcome === digit) sum += count;
			}
		}
		return sum;
	}
}

/** Ends the trace of a request. */
export type EndTrace = (status: number) => void;

/** One request, from its arrival to the head of its answer. */
export class RunningRequest {
	/**
	 * How long it may wait for an event, besides the time that any request may take; 0 for not at
	 * all. The time of one that waits says nothing of the server.
	 */
	heldMs = 0;
	readonly #numbers: RouteNumbers;
	readonly #startedMs = performance.now();
	readonly #endTrace: EndTrace | undefined;
	#isOver = false;

	constructor(numbers: RouteNumbers, endTrace: EndTrace | undefined) {
		this.#numbers = numbers;
		this.#endTrace = endTrace;
	}

	/**
	 * The first call counts.
	 * @param status of the answer; 0 if its client left before
	 */
	end(status: number): void {
		if (this.#isOver) return;
		this.#isOver = true;
		const seconds = (performance.now() - this.#startedMs) / 1000;
		this.#numbers.note(status, this.heldMs > 0 ? undefined : seconds);
		this.#endTrace?.(status);
	}
}
