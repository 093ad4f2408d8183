/**
 * Counts of observations by size, as plain numbers: to observe costs a few nanoseconds, and nothing
 * is made of the counts until somebody asks for them.
 */

/** Of a request, in seconds: a page from memory takes less than the first, a timeout the last. */
export const REQUEST_SECONDS = [
	0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30,
] as const;
/** Of a commit or a read, in seconds: the fastest disks sync in less than a tenth of one ms. */
export const WORK_SECONDS = [
	0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
] as const;
/** Of things that come together. */
export const COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000] as const;

/** What a histogram held at some moment. */
export type Counted = {
	/** The upper end of each bucket but the last, ascending. */
	readonly bounds: readonly number[];
	/** Observations of each bucket alone; one more than there are bounds, for all beyond them. */
	readonly counts: ArrayLike<number>;
	readonly sum: number;
	readonly total: number;
};

export class Histogram implements Counted {
	readonly bounds: readonly number[];
	readonly counts: Float64Array;
	sum = 0;
	total = 0;

	constructor(bounds: readonly number[]) {
		this.bounds = bounds;
		this.counts = new Float64Array(bounds.length + 1);
	}

	observe(value: number): void {
		const { bounds, counts } = this;
		let bucket = 0;
		while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
		counts[bucket] = (counts[bucket] as number) + 1;
		this.sum += value;
		this.total++;
	}
}

/** What came between two moments of one histogram. */
export function between(before: Counted | undefined, now: Counted): Counted {
	if (before === undefined) return copyOf(now);
	const counts = Float64Array.from(now.counts, (count, at) => count - (before.counts[at] ?? 0));
	const { bounds } = now;
	return { bounds, counts, sum: now.sum - before.sum, total: now.total - before.total };
}

/** The histogram as it is now. */
export function copyOf({ bounds, counts, sum, total }: Counted): Counted {
	return { bounds, counts: Float64Array.from(counts), sum, total };
}

/**
 * The size that a part of the observations does not exceed, as far as the buckets tell: within one,
 * observations count as spread evenly.
 * @param part from 0 to 1
 * @returns undefined if there are no observations; the last bound for what lies beyond it
 */
export function quantile(part: number, { bounds, counts, total }: Counted): number | undefined {
	if (total === 0) return undefined;
	let left = part * total;
	for (const [bucket, high] of bounds.entries()) {
		const count = counts[bucket] ?? 0;
		const low = bounds[bucket - 1] ?? 0;
		if (count > 0 && left <= count) return low + ((high - low) * left) / count;
		left -= count;
	}
	return bounds.at(-1);
}
