/**
 * A bounded search along `$all`: the entries a filter keeps, from some position on.
 *
 * It ends at `count` matches, at the end of the log, or after SCAN_MAX positions, whichever comes
 * first, so a page may be short or empty while matches lie further on: its links lead to the first
 * position that was not searched.
 *
 *     from ─────────── searched ───────────▶ end         last
 *     ├──────m────╳╳╳╳╳╳╳╳╳────m────────────┤┄┄┄┄┄┄┄┄┄┄┄┄┤
 *               a gap, jumped over
 *
 * A search that ran to its end always has the same result, unless events are erased: the log never
 * inserts events there.
 */
import { COUNT_MAX, type PageRange } from "../../feeds/geometry.ts";
import { ALL, type Version } from "../event.ts";
import type { Gap, LogReads, StreamEntry, Withheld } from "../log/log.ts";
import type { Filter } from "./filter.ts";

/** A filtered page costs no more than the largest one without a filter. */
export const SCAN_MAX = COUNT_MAX;
/** Positions searched at first; then twice as many each time. */
const FIRST_STEP = 64;

export type Scan = {
	/** The last position of the log when the scan began. */
	readonly last: Version;
	/** Where it began: `head` as a position. */
	readonly from: Version;
	/** The first position it did not search, in its direction: behind `last`, or -1, at an end. */
	readonly end: Version;
	/** Whether it can never have another result. */
	readonly sealed: boolean;
	/** In the direction of the scan; data and metadata left empty. */
	readonly matches: readonly StreamEntry[];
	/** Of the positions that it searched. */
	readonly withheld: readonly Withheld[];
	/** How many positions more it could have searched. */
	readonly left: number;
};

/** @param before a forward search of this range that found nothing: this one goes on behind it */
export async function scan(
	log: LogReads,
	filter: Filter,
	range: PageRange,
	before?: Scan,
): Promise<Scan> {
	const { direction, count } = range;
	const last = await log.last(ALL);
	const from = range.from === "head" ? last : range.from;
	const forward = direction === "forward";
	// Backward from the head, or from beyond it, the next event comes before those that are there.
	const fixed = forward || (range.from !== "head" && from <= last);
	const matches: StreamEntry[] = [];
	const withheld: Withheld[] = [...(before?.withheld ?? [])];
	let at = before?.end ?? (forward ? from : Math.min(from, last));
	let left = before?.left ?? SCAN_MAX;
	for (let step = Math.max(FIRST_STEP, count); left > 0; step *= 2) {
		const limit = Math.min(step, left, forward ? last - at + 1 : at + 1);
		if (limit <= 0) break;
		const slice = await log.read({ stream: ALL, from: at, limit, direction, content: false });
		matches.push(...filter(slice.entries));
		withheld.push(...(slice.withheld ?? []));
		const enough = matches[count - 1];
		if (enough) {
			matches.length = count;
			const end = positionPast(enough.version, 1, forward);
			return { last, from, end, sealed: fixed, matches, withheld, left };
		}
		at = slice.gap ? positionPastGap(slice.gap, last, forward) : positionPast(at, limit, forward);
		left -= limit;
	}
	const sealed = fixed && (!forward || left === 0);
	return { last, from, end: at, sealed, matches, withheld, left };
}

/** Not beyond what was the last position when the scan began: it reads one moment. */
function positionPastGap(gap: Gap, last: Version, forward: boolean): Version {
	return forward ? Math.min(Number(gap.last), Number(last)) + 1 : Number(gap.first) - 1;
}

function positionPast(position: Version, steps: number, forward: boolean): Version {
	return forward ? position + steps : position - steps;
}
