/** A single event as JSON: the body of `event+json`, and the `content` of an entry. */
import type { EntryEvent } from "../model.ts";
import { quote, textOf } from "./string.ts";
import { isJsonText } from "./text.ts";

/**
 * `{eventStreamId, eventNumber, eventType, eventId, data, metadata}`, compact. If the event is
 * JSON, its stored bytes are copied unchanged, with their numbers and spaces; otherwise they are
 * shown as a string.
 */
export function encodeEventJson(event: EntryEvent): string {
	return (
		`{"eventStreamId":${quote(event.streamId)},"eventNumber":${event.eventNumber}` +
		`,"eventType":${quote(event.eventType)},"eventId":${quote(event.eventId)}` +
		`,"data":${jsonValue(event.data, event.isJson)}` +
		`,"metadata":${jsonValue(event.metadata, event.isJson)}}`
	);
}

/**
 * Even if an event is JSON, its data or its metadata may be text: the flag says only that one of
 * them is JSON.
 */
function jsonValue(bytes: Uint8Array, isJson: boolean): string {
	if (bytes.length === 0) return '""';
	const text = textOf(bytes);
	return isJson && isJsonText(text) ? text : JSON.stringify(text);
}
