/** Sets of numbers in few words: spans with both ends included, ascending, and apart. */

export type Span = readonly [first: number, last: number];

/** The numbers of both. */
export function union(some: readonly Span[], others: readonly Span[]): Span[] {
	const all = [...some, ...others].sort((a, b) => a[0] - b[0]);
	const spans: [number, number][] = [];
	for (const [first, last] of all) {
		const newest = spans.at(-1);
		if (newest && first <= newest[1] + 1) newest[1] = Math.max(newest[1], last);
		else spans.push([first, last]);
	}
	return spans;
}

/** The part from one number to before another. */
export function within(spans: readonly Span[], first: number, before: number): Span[] {
	return spans.flatMap(([from, to]): Span[] => {
		const part: Span = [Math.max(from, first), Math.min(to, before - 1)];
		return part[0] <= part[1] ? [part] : [];
	});
}

/** How many numbers they hold. */
export function sizeOf(spans: readonly Span[]): number {
	return spans.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The first number from `from` on that they do not hold. */
export function firstOutside(spans: readonly Span[], from: number): number {
	const around = spans.find(([first, last]) => first <= from && from <= last);
	return around ? around[1] + 1 : from;
}

/** Says whether they hold a number. */
export function holds(spans: readonly Span[], number: number): boolean {
	let [low, high] = [0, spans.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((spans[middle] as Span)[1] < number) low = middle + 1;
		else high = middle;
	}
	const span = spans[low];
	return span !== undefined && span[0] <= number;
}

/** Reads spans as JSON has them; what are none are left out. */
export function spansIn(value: unknown): Span[] {
	if (!Array.isArray(value)) return [];
	return value.filter(
		(span): span is Span =>
			Array.isArray(span) && span.length === 2 && span.every((end) => Number.isSafeInteger(end)),
	);
}
