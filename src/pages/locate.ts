/**
 * Where in a stream an event with some id is: for readers whose position is an id, not a number.
 *
 * The log finds an event by the id it was appended with, however old it is. Two kinds of ids it
 * does not know: that of the event a link leads to, and one of another system, which is kept in the
 * metadata. Those that were handed out last are remembered; any other is looked for from the head
 * down, a bounded way.
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

/** Keeps in mind where an event that is handed out is: its reader will come back with the id. */
export function rememberEvent(log: Log, stream: StreamName, id: string, version: Version): void {
	const known = remembered.get(log) ?? new LRUCache({ max: REMEMBERED_MAX });
	remembered.set(log, known);
	known.set(`${stream}\n${id}`, version);
}

/**
 * @param matches whether an event is the one with `id`
 * @param content whether `matches` has to see data and metadata
 * @returns undefined if there is none; an id the log does not know is looked for among the newest
 *   `SEARCHED_MAX` events
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
	// All that is in an index has the id it was appended with.
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
		// Others are served in between.
		await setImmediate();
	}
	return undefined;
}
