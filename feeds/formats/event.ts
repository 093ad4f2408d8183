/**
 * The formats of a single event: how each is written, and the media types that ask
 * for it. As with feeds, a format without its row in the table does not compile.
 */
import { encodeEntryAtom } from "../atom/encode.ts";
import { encodeDataXml, encodeEventXml } from "../atom/event.ts";
import { encodeCloudEvent } from "../cloudevents/encode.ts";
import { encodeEntryJson } from "../json/encode.ts";
import { encodeDataJson, encodeEventJson } from "../json/event.ts";
import { type MediaType, mediaType } from "../media.ts";
import type { Embed, Entry } from "../model.ts";

/** An entry is what a feed has of an event, with its links; `data` is what its client sent. */
export type EventFormat =
	| "entry-atom"
	| "entry-json"
	| "event-xml"
	| "event-json"
	| "cloudevent"
	| "data-xml"
	| "data-json"
	| "data";

/** How a single event is written in a format. */
export type EventEncoding = {
	encode(entry: Entry, embed: Embed): string | Uint8Array;
	/** Whether it is text, in UTF-8, as the `Content-Type` then says. */
	readonly isText: boolean;
	/** The metadata document of a stream that has no metadata. */
	readonly nothing: "{}" | "";
};

export const EVENT_FORMATS: Readonly<Record<EventFormat, EventEncoding>> = {
	"entry-atom": { encode: encodeEntryAtom, isText: true, nothing: "" },
	"entry-json": { encode: encodeEntryJson, isText: true, nothing: "{}" },
	"event-xml": { encode: ({ event }) => encodeEventXml(event), isText: true, nothing: "" },
	"event-json": { encode: ({ event }) => encodeEventJson(event), isText: true, nothing: "{}" },
	cloudevent: { encode: encodeCloudEvent, isText: true, nothing: "" },
	"data-xml": { encode: ({ event }) => encodeDataXml(event), isText: true, nothing: "" },
	"data-json": { encode: ({ event }) => encodeDataJson(event), isText: true, nothing: "{}" },
	data: { encode: ({ event }) => event.data, isText: false, nothing: "" },
};

export type EventMediaType = MediaType & { readonly format: EventFormat };

/** The media types of a single event, in the order of the server's preference. */
export const EVENT_TYPES: readonly EventMediaType[] = [
	eventType("application/atom+xml", "entry-atom"),
	eventType("application/vnd.eventstore.atom+json", "entry-json"),
	eventType("application/vnd.kurrent.atom+json", "entry-json"),
	eventType("text/xml", "data-xml"),
	eventType("application/xml", "data-xml"),
	eventType("application/json", "data-json"),
	eventType("application/vnd.eventstore.event+xml", "event-xml"),
	eventType("application/vnd.eventstore.event+json", "event-json"),
	eventType("application/vnd.kurrent.event+json", "event-json"),
	eventType("application/cloudevents+json", "cloudevent"),
	eventType("application/octet-stream", "data"),
];

function eventType(name: string, format: EventFormat): EventMediaType {
	return mediaType(name, format, EVENT_FORMATS[format].isText);
}
