/**
 * An event as a server-sent event (WHATWG HTML section 9.2), for `EventSource`.
 *
 *     id: 42
 *     event: OrderPlaced
 *     data: {"total":1.10}
 *
 * By default `data` is the event's data, for an application that knows its types. With `whole` it
 * is the event's line of NDJSON, which holds everything and is always one line.
 */
import { isUtf8 } from "node:buffer";
import { textOf } from "../json/string.ts";
import type { Entry } from "../model.ts";
import { encodeEntryLine } from "../ndjson/encode.ts";

/** @param at the event's number in the stream; a reader that returns continues after it */
export function encodeServerSentEvent(entry: Entry, at: number, whole: boolean): string {
	const data = whole ? encodeEntryLine(entry).trimEnd() : dataText(entry.event.data);
	const lines = data.split(/\r\n|\r|\n/);
	return `id: ${at}\nevent: ${entry.event.eventType}\ndata: ${lines.join("\ndata: ")}\n\n`;
}

/** A comment keeps connections alive; readers do not see it. */
export const HEARTBEAT = ":\n\n";

/** Sets how long a reader waits before it connects again. */
export function encodeRetry(milliseconds: number): string {
	return `retry: ${milliseconds}\n\n`;
}

/** The format is text, so other bytes are written in Base64. */
function dataText(data: Uint8Array): string {
	return isUtf8(data) ? textOf(data) : Buffer.from(data).toString("base64");
}
