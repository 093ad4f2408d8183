/** Counting, without a server. */
import { between, copyOf, Histogram, quantile } from "../../src/observe/numbers/histogram.ts";
import { type Figure, RecentRing } from "../../src/observe/numbers/recent.ts";

describe("a histogram", () => {
	test("puts what equals a bound into its bucket, and what is beyond all into the last", () => {
		const histogram = new Histogram([1, 10]);
		for (const value of [0, 1, 1.5, 10, 11]) histogram.observe(value);
		expect([...histogram.counts]).toEqual([2, 2, 1]);
		expect([histogram.sum, histogram.total]).toEqual([23.5, 5]);
	});

	test("tells what came between two moments", () => {
		const histogram = new Histogram([1, 10]);
		histogram.observe(5);
		const before = copyOf(histogram);
		histogram.observe(7);
		histogram.observe(0.5);
		const { counts, sum, total } = between(before, histogram);
		expect([[...Array.from(counts)], sum, total]).toEqual([[1, 1, 0], 7.5, 2]);
	});

	test("has quantiles as fine as its buckets", () => {
		const histogram = new Histogram([1, 2, 4]);
		expect(quantile(0.5, histogram)).toBeUndefined();
		for (const value of [1.5, 1.6, 3, 3.5]) histogram.observe(value);
		expect(quantile(0.5, histogram)).toBe(2);
		expect(quantile(0.25, histogram)).toBe(1.5);
		expect(quantile(1, histogram)).toBe(4);
		histogram.observe(100);
		expect(quantile(0.99, histogram)).toBe(4);
	});
});

describe("the ring of the last hour", () => {
	const figure = (requests: number) => ({ requests }) as Figure;

	test("keeps the newest figures, oldest first", async () => {
		let count = 0;
		const ring = new RecentRing(async () => figure(count++), fail);
		for (let i = 0; i < ring.figuresMax + 3; i++) await ring.takeNow();
		const kept = ring.figures();
		expect([kept.length, kept[0]?.requests, kept.at(-1)?.requests]).toEqual([360, 3, 362]);
		await ring.close();
	});

	test("takes one at a time", async () => {
		let count = 0;
		const ring = new RecentRing(async () => figure(count++), fail);
		await Promise.all([ring.takeNow(), ring.takeNow()]);
		expect(ring.figures()).toHaveLength(1);
		await ring.close();
	});

	test("tells of a figure that cannot be taken, and goes on", async () => {
		const told: unknown[] = [];
		const results = [() => Promise.reject(new Error("gone")), async () => figure(1)];
		const ring = new RecentRing(
			() => (results.shift() as () => Promise<Figure>)(),
			(error) => told.push(error),
		);
		await ring.takeNow();
		await ring.takeNow();
		expect([told.length, ring.figures().length]).toEqual([1, 1]);
		await ring.close();
	});
});

function fail(error: unknown): never {
	throw error;
}
