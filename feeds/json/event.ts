/** A single event as JSON: `event+json`, its bare data, and the `content` of an entry. */
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
 * The data as it was sent, to the byte; what is no JSON becomes a JSON string of its text. Metadata
 * of a stream may have been sent as nothing at all: then the event is JSON and has no content.
 */
export function encodeDataJson({ isJson, isRedacted, data, metadata }: EntryEvent): string {
	const text = textOf(data);
	const isNothing = data.length === 0 && metadata.length === 0 && !isRedacted;
	return isJson && (data.length > 0 || isNothing) ? text : JSON.stringify(text);
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
