/**
 * An event as a server-sent event (WHATWG HTML section 9.2), for `EventSource`.
 *
 *     id: 42
 *     event: OrderPlaced
 *     data: {"total":1.10}
 *
 * `data` is the event's data, for an application that knows its types; or the object of its line of
 * NDJSON, which holds everything. Line breaks within JSON become further lines of `data`: an
 * `EventSource` puts them together again, each as a line feed.
 */
import { isUtf8 } from "node:buffer";
import { textOf } from "../json/string.ts";
import type { Entry } from "../model.ts";
import { encodeEntryObject } from "../ndjson/encode.ts";

export type ServerSentForm = {
	/** Whether `data` is the whole event, as the object of its line. */
	readonly isWhole: boolean;
	/** The name of every event; undefined for its type. */
	readonly name: string | undefined;
};

/**
 * The names by which an `EventSource` tells of its connection (sections 9.2.2 and 9.2.3): an event
 * of such a type would look like a fault to its reader.
 */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set(["error", "open"]);
const ANY = "message";

/** @param at the event's number in the stream; a reader that returns continues after it */
export function encodeServerSentEvent(entry: Entry, at: number, form: ServerSentForm): string {
	const { eventType, data } = entry.event;
	const text = form.isWhole ? encodeEntryObject(entry) : dataText(data);
	const lines = text.split(/\r\n|\r|\n/);
	const name = form.name ?? (OF_THE_CONNECTION.has(eventType) ? ANY : eventType);
	return `id: ${at}\nevent: ${name}\ndata: ${lines.join("\ndata: ")}\n\n`;
}

/** A comment keeps connections alive; readers do not see it. */
export const HEARTBEAT = ":\n\n";

/** Sets how long a reader waits before it connects again. */
export function encodeRetry(milliseconds: number): string {
	return `retry: ${milliseconds}\n\n`;
}

/** Asks a reader to come back later. @param why a word for those who look at the lines */
export function encodeLeave(milliseconds: number, why: string): string {
	return `: ${why}\n${encodeRetry(milliseconds)}`;
}

/** The format is text, so other bytes are written in Base64. */
function dataText(data: Uint8Array): string {
	return isUtf8(data) ? textOf(data) : Buffer.from(data).toString("base64");
}
