/** How far a reader has come, and how fast it is. */

export type Progress = {
	/** Handed out since the start. */
	readonly events: number;
	/** Of the pages they came in, after decompression. */
	readonly bytes: number;
	/** The number of the last event that was handed out; undefined before the first. */
	readonly at: number | undefined;
	/**
	 * The number of the last event of the stream, as far as the reader knows. Undefined until it has
	 * asked, and if the server does not tell.
	 */
	readonly head: number | undefined;
	/** During the last ten seconds. */
	readonly eventsPerSecond: number;
	/** Until the head, at this rate; undefined if the head is not known. */
	readonly secondsLeft: number | undefined;
};

const WINDOW_MS = 10_000;
/** Samples in a window; more would tell nothing. */
const STEP_MS = WINDOW_MS / 20;

type Sample = { readonly atMs: number; readonly events: number };

export class ProgressMeter {
	readonly #report: (progress: Progress) => void;
	#samples: readonly Sample[] = [{ atMs: performance.now(), events: 0 }];
	#events = 0;
	#bytes = 0;

	constructor(report: (progress: Progress) => void) {
		this.#report = report;
	}

	/**
	 * Reports after a page was handed out.
	 * @param page how many of its events were new, and its bytes
	 */
	passed(page: { readonly events: number; readonly bytes: number }, reached: Reached): void {
		this.#events += page.events;
		this.#bytes += page.bytes;
		const { at, last } = reached;
		const head = last === undefined ? undefined : Math.max(last, at ?? -1);
		const eventsPerSecond = this.#rate();
		const left = head === undefined ? undefined : head - (at ?? reached.from - 1);
		this.#report({
			events: this.#events,
			bytes: this.#bytes,
			at,
			head,
			eventsPerSecond,
			secondsLeft: secondsFor(left, eventsPerSecond),
		});
	}

	#rate(): number {
		const now = { atMs: performance.now(), events: this.#events };
		const recent = this.#samples.filter(({ atMs }) => now.atMs - atMs <= WINDOW_MS);
		const [oldest = now] = recent.length > 0 ? recent : this.#samples.slice(-1);
		const newest = recent.at(-1);
		const isNew = newest === undefined || now.atMs - newest.atMs >= STEP_MS;
		this.#samples = isNew ? [...recent, now] : recent;
		const seconds = (now.atMs - oldest.atMs) / 1000;
		return seconds > 0 ? (now.events - oldest.events) / seconds : 0;
	}
}

/** Where a reader is. */
type Reached = {
	readonly at: number | undefined;
	/** Where it began. */
	readonly from: number;
	readonly last: number | undefined;
};

function secondsFor(left: number | undefined, eventsPerSecond: number): number | undefined {
	if (left === undefined || left === 0) return left;
	return eventsPerSecond > 0 ? left / eventsPerSecond : undefined;
}
