/**
 * Finds a moment in a stream by binary search, since `created` never falls along the log, and so
 * along no stream. A stream of a million events takes 20 reads of one event without its data.
 */
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { LogReads, StreamEntry } from "../log/log.ts";
import { passed } from "./replay.ts";

/** If the event in the middle is gone, the next one is looked for among so many at a time. */
const GAP_STEP = 500;

type TimedLog = Pick<LogReads, "read" | "last">;

export type Moment = {
	/** The version of the first event at or after the moment; beyond `last` if there is none. */
	readonly first: Version;
	readonly last: Version;
};

/**
 * @param time milliseconds since 1970, UTC
 * @throws Refusal `stream-not-found` if the stream has no events (`$all` always exists)
 */
export function findMoment(log: TimedLog, stream: StreamName, time: number): Promise<Moment> {
	return findFirst(log, stream, (entry) => timeOf(entry) >= time);
}

/**
 * Finds the first entry for which `holds`.
 * @param holds has to hold for all entries behind one for which it does
 * @throws Refusal `stream-not-found` if the stream has no events (`$all` always exists)
 */
export async function findFirst(
	log: TimedLog,
	stream: StreamName,
	holds: (entry: StreamEntry) => boolean,
): Promise<Moment> {
	const last = await log.last(stream);
	if (last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
	let low = 0;
	let high = last + 1;
	let first = high;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		const entry = await nextEntry(log, stream, middle, high);
		if (entry && !holds(entry)) {
			low = entry.version + 1;
			continue;
		}
		// This entry is the earliest so far for which it holds; no entry is between it and `middle`.
		if (entry) first = entry.version;
		high = middle;
	}
	return { first, last };
}

/** The time of the entry itself: a link may be years younger than the event it shows. */
export function timeOf({ event, link }: StreamEntry): number {
	return (link ?? event).created;
}

/** The first entry from `from` on and before `end`: events can be gone. */
async function nextEntry(
	log: TimedLog,
	stream: StreamName,
	from: Version,
	end: Version,
): Promise<StreamEntry | undefined> {
	let limit = 1;
	let at = from;
	while (at < end) {
		const count = Math.min(limit, end - at);
		const range = { stream, from: at, limit: count, direction: "forward" } as const;
		const slice = await log.read({ ...range, content: false });
		if (slice.entries[0]) return slice.entries[0];
		at = passed(slice, at, limit);
		limit = GAP_STEP;
	}
	return undefined;
}
