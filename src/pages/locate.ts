/**
 * Finds the version of an event by its id: for readers whose position is an id, not a number.
 *
 * The log finds an event by the id it was appended with, however old it is. It does not
 * know two kinds of ids: that of the event a link leads to, and one of another system, which is
 * kept in the metadata. The server remembers the ids that it handed out last. It searches for any
 * other from the head down, through a bounded number of events.
 */
import { setImmediate } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { parseUuid, type RecordedEvent, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import type { Log } from "../log/log.ts";
import { readStep } from "./replay.ts";

/** A second or so of reading heads. */
export const SEARCHED_MAX = 200_000;
const STEP = 500;
/** Some MB of ids: more readers than there are. */
const REMEMBERED_MAX = 10_000;

const remembered = new WeakMap<Log, LRUCache<string, Version>>();

/** Remembers the version of an event that is handed out: its reader will come back with the id. */
export function rememberEvent(log: Log, stream: StreamName, id: string, version: Version): void {
	const known = remembered.get(log) ?? new LRUCache({ max: REMEMBERED_MAX });
	remembered.set(log, known);
	known.set(`${stream}\n${id}`, version);
}

/**
 * @param matches whether an event is the one with `id`
 * @param content whether `matches` has to see data and metadata
 * @returns undefined if there is none; for an id that the log does not know, the newest
 *   `SEARCHED_MAX` events are searched
 */
export async function locateEvent(
	log: Log,
	stream: StreamName,
	id: string,
	matches: (event: RecordedEvent) => boolean,
	content: boolean,
): Promise<Version | undefined> {
	const known = remembered.get(log)?.get(`${stream}\n${id}`);
	if (known !== undefined) return known;
	const uuid = parseUuid(id);
	const indexed = uuid === undefined ? undefined : await log.locate(stream, uuid);
	if (indexed !== undefined) return indexed;
	// Every event in an index has the id it was appended with.
	if (uuid !== undefined && isIndexStream(stream)) return undefined;
	let from: Version | "head" = "head";
	for (let searched = 0; searched < SEARCHED_MAX; ) {
		const range = { stream, from, limit: STEP, direction: "backward", content } as const;
		const { entries, last, gap } = await readStep(log, range);
		const found = entries.find(({ event }) => matches(event));
		if (found) return found.version;
		const start: Version = from === "head" ? last : from;
		// Events can be gone: a step may find none.
		const lowest: Version =
			entries.at(-1)?.version ?? Number(gap?.first ?? Math.max(0, start - STEP + 1));
		if (lowest <= 0) return undefined;
		searched += gap ? 0 : start - lowest + 1;
		from = lowest - 1;
		// The server serves other requests in between.
		await setImmediate();
	}
	return undefined;
}
