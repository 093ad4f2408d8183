/** The part of a stream that a read covers: arithmetic that every engine shares. */
import type { Range } from "../log.ts";

/**
 * The lowest and the highest version a read finds; low > high if it finds none. A read covers
 * `limit` versions from where it says it starts, whether or not they exist: backward from far
 * beyond the head it finds nothing, or fewer than `limit` (contract 2.3).
 */
export function bounds(
	from: Range["from"],
	limit: number,
	direction: Range["direction"],
	last: number,
): { readonly low: number; readonly high: number } {
	const start = from === "head" ? last : from;
	const low = direction === "forward" ? start : start - limit + 1;
	const high = direction === "forward" ? start + limit - 1 : start;
	return { low: Math.max(0, low), high: Math.min(last, high) };
}
