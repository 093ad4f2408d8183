/**
 * Hands out the events of pages one by one.
 *
 * An async generator takes three turns of the queue of promises for each event, and a promise for
 * each turn. Here an event of a page that is at hand takes one; only pages come out of a generator.
 */
import type { ReadEvent } from "../event.ts";

type Result = IteratorResult<ReadEvent, void>;
type Pages = AsyncGenerator<readonly ReadEvent[], void, void>;

/** What all generators inherit: how loops and, where it exists, `await using` deal with them. */
const INHERITED = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/**
 * @param pages ends by itself if `stop` is aborted
 * @returns a generator to whoever uses it: calls that overlap are answered in their order
 */
export function handOut(
	pages: Pages,
	stop: AbortController,
): AsyncGenerator<ReadEvent, void, void> {
	const { signal } = stop;
	let page: readonly ReadEvent[] = [];
	let at = 0;
	/** The newest call that waits for a page; the next call waits for it. */
	let waiting: Promise<Result> | undefined;

	const take = async (): Promise<Result> => {
		while (at === page.length || signal.aborted) {
			page = [];
			at = 0;
			const next = await pages.next();
			if (next.done) return next;
			page = next.value;
		}
		return { done: false, value: page[at++] as ReadEvent };
	};
	const takeInTurn = (): Promise<Result> => {
		const mine = waiting ? waiting.then(take, take) : take();
		waiting = mine;
		const done = () => {
			if (waiting === mine) waiting = undefined;
		};
		mine.then(done, done);
		return mine;
	};
	const calls = {
		next: (): Promise<Result> => {
			if (waiting || at === page.length || signal.aborted) return takeInTurn();
			return Promise.resolve({ done: false, value: page[at++] as ReadEvent });
		},
		// Ends also a call that waits, which may be a long poll.
		return: (): Promise<Result> => {
			stop.abort();
			return pages.return() as Promise<Result>;
		},
		throw: (error: unknown): Promise<Result> => {
			page = [];
			at = 0;
			return pages.throw(error) as Promise<Result>;
		},
	};
	return Object.setPrototypeOf(calls, INHERITED);
}
