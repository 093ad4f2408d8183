/** What was settled, in all and since somebody looked, and how long it took. */

/** The newest so many are told. */
const LATENCIES_MAX = 1000;

export type Measured = {
	readonly countSinceLastMeasurement: number;
	readonly perSecond: number;
};

export class Tally {
	settled = 0;
	#before: { readonly settled: number; readonly atMs: number };
	readonly #latencies: number[] = [];
	#oldest = 0;

	constructor(nowMs: number) {
		this.#before = { settled: 0, atMs: nowMs };
	}

	/** @param tookMs from the delivery to the answer; undefined if nobody wants to know */
	add(tookMs?: number): void {
		this.settled++;
		if (tookMs === undefined) return;
		this.#latencies[this.#oldest] = tookMs;
		this.#oldest = (this.#oldest + 1) % LATENCIES_MAX;
	}

	/** What was settled since the last call, and how many that is a second. */
	measure(nowMs: number): Measured {
		const { settled } = this;
		const countSinceLastMeasurement = settled - this.#before.settled;
		const seconds = (nowMs - this.#before.atMs) / 1000;
		// Two that ask at the same moment get the same answer.
		if (seconds >= 1) this.#before = { settled, atMs: nowMs };
		const perSecond = Math.round(countSinceLastMeasurement / Math.max(1, seconds));
		return { countSinceLastMeasurement, perSecond };
	}

	/** In milliseconds, ascending. */
	latencies(): readonly number[] {
		return this.#latencies.toSorted((one, other) => one - other);
	}
}
