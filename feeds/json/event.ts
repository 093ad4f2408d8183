/** A single event as JSON: `event+json`, its bare data, and the `content` of an entry. */
import type { EntryEvent } from "../model.ts";
import { quote, textOf } from "./string.ts";
import { isJsonText } from "./text.ts";

/**
 * `{eventStreamId, eventNumber, eventType, eventId, data, metadata}`, compact. Of a JSON event the
 * stored bytes stand there as they are, numbers, spaces and all; what is no JSON is shown as a
 * string.
 */
export function encodeEventJson(event: EntryEvent): string {
	return (
		`{"eventStreamId":${quote(event.streamId)},"eventNumber":${event.eventNumber}` +
		`,"eventType":${quote(event.eventType)},"eventId":${quote(event.eventId)}` +
		`,"data":${jsonValue(event.data, event.isJson)}` +
		`,"metadata":${jsonValue(event.metadata, event.isJson)}}`
	);
}

/** The data as it was sent, to the byte; what is no JSON becomes a JSON string of its text. */
export function encodeDataJson({ isJson, data }: EntryEvent): string {
	const text = textOf(data);
	return isJson && data.length > 0 ? text : JSON.stringify(text);
}

/**
 * Of an event that is JSON, data or metadata may still be text: the flag says that one of them is
 * not.
 */
function jsonValue(bytes: Uint8Array, isJson: boolean): string {
	if (bytes.length === 0) return '""';
	const text = textOf(bytes);
	return isJson && isJsonText(text) ? text : JSON.stringify(text);
}
