/**
 * An event as a server-sent event (WHATWG HTML section 9.2): what `EventSource` reads.
 *
 *     id: 42
 *     event: OrderPlaced
 *     data: {"total":1.10}
 *
 * By itself `data` is the event's data, as an application that knows its types wants it; with
 * `whole` it is the line of NDJSON that says everything of the event, one line whatever the data.
 */
import { isUtf8 } from "node:buffer";
import { textOf } from "../json/string.ts";
import type { Entry } from "../model.ts";
import { encodeEntryLine } from "../ndjson/encode.ts";

/** @param at where a reader that comes back goes on after: its number in the stream that is read */
export function encodeServerSentEvent(entry: Entry, at: number, whole: boolean): string {
	const data = whole ? encodeEntryLine(entry).trimEnd() : dataText(entry.event.data);
	const lines = data.split(/\r\n|\r|\n/);
	return `id: ${at}\nevent: ${entry.event.eventType}\ndata: ${lines.join("\ndata: ")}\n\n`;
}

/** A comment, which keeps connections alive and readers do not see. */
export const HEARTBEAT = ":\n\n";

/** How long a reader waits before it connects again. */
export function encodeRetry(milliseconds: number): string {
	return `retry: ${milliseconds}\n\n`;
}

/** The format is text: what is none is written in Base64. */
function dataText(data: Uint8Array): string {
	return isUtf8(data) ? textOf(data) : Buffer.from(data).toString("base64");
}
