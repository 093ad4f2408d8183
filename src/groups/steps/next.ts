/** Where another number of partitions begins. */
import type { Layout, State } from "./state.ts";

/**
 * The layout after that of now; undefined if that is to stay.
 * @param last the last number of the stream
 */
export function nextLayout(
	{ layout, next, holds }: State,
	partitions: number,
	last: number,
): Layout | undefined {
	if (partitions === layout.partitions) return undefined;
	// The layout of now ends where it was to end.
	if (next) return { partitions, from: next.from };
	const reached = holds.reduce((most, { at }) => Math.max(most, at), -1);
	const isFresh = holds.every(({ at, owner }) => at === reached && owner === undefined);
	return { partitions, from: isFresh ? reached + 1 : Math.max(last, reached) + 1 };
}
