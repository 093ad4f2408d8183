/** What the rail shows of a stream: a mark for each event, or for a window of a long stream. */
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";
import { typesOf } from "../stream/core.ts";
import type { Moment } from "./moment.ts";

/** More marks than pixels between them say nothing. */
const MARKS_MAX = 400;
const WINDOW = 100;

export type Scale = {
	/** The oldest first; each has its place on the rail, from 0 to 1. */
	readonly marks: readonly Mark[];
	/** Whether the marks stand by their times. */
	readonly isByTime: boolean;
	/** Of a stream with more events: the types of its parts, the oldest first. */
	readonly bins: readonly string[] | undefined;
};

export type Mark = {
	readonly version: number;
	readonly type: string;
	/** Milliseconds since 1970. */
	readonly time: number;
	readonly at: number;
};

export async function readScale(store: Store, moment: Moment): Promise<Scale> {
	const { stream, at } = moment;
	const [first, last] = [Number(moment.first), Number(moment.last)];
	const isLong = last - first >= MARKS_MAX;
	const middle = Math.max(first, Math.min(Number(at), last) - WINDOW / 2);
	const from = isLong ? Math.max(first, Math.min(middle, last - WINDOW + 1)) : first;
	const limit = isLong ? WINDOW : MARKS_MAX;
	const range = { stream, from, limit, direction: "forward", content: false } as const;
	const [{ entries }, types] = await Promise.all([
		store.read(range),
		isLong ? typesOf(store, stream, last) : undefined,
	]);
	return { ...placed(entries, moment.isByTime), bins: types?.core.types.toReversed() };
}

function placed(
	entries: readonly StreamEntry[],
	isByTime: boolean,
): Pick<Scale, "marks" | "isByTime"> {
	const bare = entries.map(({ version, event, link, unresolved }) => ({
		version: Number(version),
		type: unresolved ? "$>" : event.type,
		time: (link ?? event).created,
	}));
	const [oldest, newest] = [bare[0], bare.at(-1)];
	if (!oldest || !newest) return { marks: [], isByTime };
	// Events of one moment would stand in one place.
	const byTime = isByTime && newest.time > oldest.time;
	const of = (mark: { version: number; time: number }) => (byTime ? mark.time : mark.version);
	const [start, end] = [of(oldest), of(newest)];
	const marks = bare.map((mark) => ({
		...mark,
		at: end > start ? (of(mark) - start) / (end - start) : 0.5,
	}));
	return { marks, isByTime: byTime };
}
