/**
 * A single event as XML: `event+xml`, its bare data as `text/xml`, and the `content` of an entry.
 */
import type { EntryEvent } from "../model.ts";
import { escapeText } from "./text.ts";
import { valueElement, valueElements } from "./value.ts";

/**
 * `<event>` with eventStreamId, eventNumber, eventType, eventId, data and metadata, in no namespace
 * and without an XML declaration. Data that is an array repeats `<data>`.
 */
export function encodeEventXml(event: EntryEvent): string {
	return `<event>${eventChildren(event, "")}</event>`;
}

/**
 * The data alone, as the document `<data>…</data>`: the mapping of JSON (see `value.ts`), or the
 * text of other data. An array's elements are `<data>` elements inside, because a document has one
 * root.
 */
export function encodeDataXml(event: EntryEvent): string {
	return valueElement("data", event.data, event.isJson);
}

/** @param namespace an attribute for each child, with a space before it, or "" */
export function eventChildren(event: EntryEvent, namespace: string): string {
	return (
		`<eventStreamId${namespace}>${escapeText(event.streamId)}</eventStreamId>` +
		`<eventNumber${namespace}>${event.eventNumber}</eventNumber>` +
		`<eventType${namespace}>${escapeText(event.eventType)}</eventType>` +
		`<eventId${namespace}>${escapeText(event.eventId)}</eventId>` +
		valueElements("data", event.data, event.isJson, namespace) +
		valueElements("metadata", event.metadata, event.isJson, namespace)
	);
}
