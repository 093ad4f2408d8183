/**
 * Finds the version of an event by its id: for readers whose position is an id, not a number. If
 * several entries have one id, it finds the oldest: a reader rather sees events twice than never.
 *
 * The log finds an event by the id it was appended with, however old it is. It does not know two
 * kinds of ids: that of the event a link leads to, and one of another system, which is kept in the
 * metadata. It searches for these from the start of the stream, through a bounded number of events.
 */
import { setImmediate } from "node:timers/promises";
import { parseUuid, type RecordedEvent, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { LogReads } from "../log/log.ts";
import { passed, readStep } from "./replay.ts";

/** A second or so of reading. */
export const SEARCHED_MAX = 200_000;
const STEP = 500;

/**
 * @param matches whether an event is the one with `id`
 * @param content whether `matches` has to see data and metadata
 * @returns undefined if there is none; for an id that the log does not know, the oldest
 *   `SEARCHED_MAX` events are searched
 */
export async function locateEvent(
	log: LogReads,
	stream: StreamName,
	id: string,
	matches: (event: RecordedEvent) => boolean,
	content: boolean,
): Promise<Version | undefined> {
	const uuid = parseUuid(id);
	const indexed = uuid === undefined ? undefined : await log.locate(stream, uuid);
	if (indexed !== undefined) return indexed;
	// Every event in an index has the id it was appended with.
	if (uuid !== undefined && isIndexStream(stream)) return undefined;
	let from: Version = 0;
	for (let searched = 0; searched < SEARCHED_MAX; searched += STEP) {
		const range = { stream, from, limit: STEP, direction: "forward", content } as const;
		const slice = await readStep(log, range);
		const found = slice.entries.find(({ event }) => matches(event));
		if (found) return found.version;
		const reached = slice.entries.at(-1)?.version;
		from = reached === undefined ? passed(slice, from, slice.limit) : reached + 1;
		if (from > slice.last) return undefined;
		// The server serves other requests in between.
		await setImmediate();
	}
	return undefined;
}
