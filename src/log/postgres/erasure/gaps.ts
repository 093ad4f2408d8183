/**
 * The gaps in the log: spans of scavenged positions. They are disjoint, and none touches another.
 * So if a read of the log meets one, the position after its end is the next one to read.
 */
import type { Gap } from "../../log.ts";

/** Positions that are in no gap yet, ascending, as spans. */
export function spansOf(positions: readonly number[]): Gap[] {
	const spans: { first: number; last: number }[] = [];
	for (const position of positions.toSorted((one, other) => one - other)) {
		const span = spans.at(-1);
		if (span && span.last === position - 1) span.last = position;
		else spans.push({ first: position, last: position });
	}
	return spans;
}

/** Spans joined to those they touch. */
export function joined(spans: readonly Gap[]): Gap[] {
	const all: { first: number; last: number }[] = [];
	for (const { first, last } of spans.toSorted(
		(one, other) => Number(one.first) - Number(other.first),
	)) {
		const before = all.at(-1);
		if (before && before.last + 1 >= Number(first))
			before.last = Math.max(before.last, Number(last));
		else all.push({ first: Number(first), last: Number(last) });
	}
	return all;
}
