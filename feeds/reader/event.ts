/** An event as a reader hands it out, and how to get it from an entry of a feed. */
import { parseData } from "../json/data.ts";
import type { DecodedEntry, ReadEvent } from "../model.ts";
import { ReadError } from "./error.ts";

export type { ReadEvent } from "../model.ts";

const NOTHING = new Uint8Array(0);

/**
 * The number of an entry in the stream that is read. Undefined if the entry shows no event: its
 * target is gone, or the reader may not see it.
 */
export function atOf(entry: DecodedEntry, stream: string, url: string): number | undefined {
	const event = entry.event;
	if (event?.eventId === undefined) return undefined;
	const at = stream === "$all" ? event.position : event.positionEventNumber;
	if (at !== undefined && event.position !== undefined) return at;
	throw new ReadError("not-varve", url, `${url} shows events without their position`);
}

/** Whether the feed leaves out the event's data, which it does if they are not JSON. */
export function lacksData({ event }: DecodedEntry): boolean {
	// Of an event without data there is nothing to fetch, and its own URL may answer 404.
	return event?.data === undefined && event?.isJson === false && event.isRedacted !== true;
}

/** @param data the event's data, from the feed or from its own URL */
export function eventOf(entry: DecodedEntry, at: number, data: Uint8Array): ReadEvent {
	const event = entry.event ?? {};
	return {
		stream: event.streamId ?? "",
		version: event.eventNumber ?? at,
		position: event.position ?? at,
		at,
		id: event.eventId ?? "",
		type: event.eventType ?? "",
		isJson: event.isJson ?? false,
		data,
		metadata: event.metadata ?? NOTHING,
		created: entry.updated,
		json: parseData,
	};
}
