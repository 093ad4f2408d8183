/**
 * The event that a JSON entry shows: the fields of `rich` and above, and the `content` object.
 */
import type { EntryEvent } from "../model.ts";
import { type Json, objectOf, optionalInteger, optionalText } from "./members.ts";
import { eachElement, eachMember, skipSpace, skipValue, stringAt } from "./text.ts";

export type ShownEvent = Partial<EntryEvent>;
/** The text of an entry's `content.data` and `content.metadata`, exactly as it stands there. */
export type ContentText = { data?: string; metadata?: string };

type Building = { -readonly [field in keyof EntryEvent]?: EntryEvent[field] };

const EMPTY = new Uint8Array(0);

/** The event of an entry, as far as the entry shows it; undefined if it shows nothing. */
export function shownEvent(
	entry: Json,
	content: ContentText | undefined,
	at: string,
): ShownEvent | undefined {
	const event: Building = {};
	if (content) addContent(event, objectOf(entry.content, `${at}.content`), content, at);
	if (typeof entry.positionEventNumber === "number") addDetails(event, entry, at);
	return Object.keys(event).length === 0 ? undefined : event;
}

function addContent(event: Building, shown: Json, text: ContentText, at: string): void {
	addName(event, shown, at);
	const streamId = optionalText(shown, "eventStreamId", `${at}.content`);
	if (streamId !== undefined) event.streamId = streamId;
	event.isJson = true;
	if (text.data !== undefined) event.data = contentBytes(text.data);
	if (text.metadata !== undefined) event.metadata = contentBytes(text.metadata);
}

function addDetails(event: Building, entry: Json, at: string): void {
	addName(event, entry, at);
	const streamId = optionalText(entry, "streamId", at);
	if (streamId !== undefined) event.streamId = streamId;
	event.isJson = entry.isJson === true;
	if (entry.isRedacted === true) event.isRedacted = true;
	const number = optionalInteger(entry, "positionEventNumber", at);
	if (number !== undefined) event.positionEventNumber = number;
	const stream = optionalText(entry, "positionStreamId", at);
	if (stream !== undefined) event.positionStreamId = stream;
	const position = optionalInteger(entry, "position", at);
	if (position !== undefined) event.position = position;

	const data = optionalText(entry, "data", at);
	const metadata = optionalText(entry, "metaData", at);
	const linkMetadata = optionalText(entry, "linkMetaData", at);
	if (data !== undefined) event.data = bytesOf(data);
	if (metadata !== undefined) event.metadata = bytesOf(metadata);
	// Empty metadata is left out, and at `rich` all metadata is; `data` distinguishes the two.
	else if (data !== undefined) event.metadata = EMPTY;
	if (linkMetadata !== undefined) event.linkMetadata = bytesOf(linkMetadata);
}

function addName(event: Building, json: Json, at: string): void {
	const eventId = optionalText(json, "eventId", at);
	if (eventId !== undefined) event.eventId = eventId;
	const eventType = optionalText(json, "eventType", at);
	if (eventType !== undefined) event.eventType = eventType;
	const eventNumber = optionalInteger(json, "eventNumber", at);
	if (eventNumber !== undefined) event.eventNumber = eventNumber;
}

function contentBytes(text: string): Uint8Array {
	return bytesOf(text[0] === '"' ? stringAt(text, 0, text.length) : text);
}

function bytesOf(text: string): Uint8Array {
	if (text === "") return EMPTY;
	// Node takes small buffers from a pool; browsers have none.
	return typeof Buffer === "undefined" ? new TextEncoder().encode(text) : Buffer.from(text);
}

/** The content's text of each entry in a feed's text; undefined if an entry has none. */
export function contentsOf(text: string): (ContentText | undefined)[] {
	let contents: (ContentText | undefined)[] = [];
	eachMember(text, skipSpace(text, 0), (name, start) => {
		if (name !== "entries" || text[start] !== "[") return skipValue(text, start, Infinity);
		contents = [];
		return eachElement(text, start, (entry) => {
			contents.push(contentOf(text, entry));
			return skipValue(text, entry, Infinity);
		});
	});
	return contents;
}

/** The content's text of the entry that starts at `at`. */
export function contentOf(text: string, at: number): ContentText | undefined {
	let content: ContentText | undefined;
	if (text[at] !== "{") return undefined;
	eachMember(text, at, (name, start) => {
		const end = skipValue(text, start, Infinity);
		if (name === "content") content = text[start] === "{" ? partsOf(text, start) : undefined;
		return end;
	});
	return content;
}

function partsOf(text: string, at: number): ContentText {
	const parts: ContentText = {};
	eachMember(text, at, (name, start) => {
		const end = skipValue(text, start, Infinity);
		if (name === "data" || name === "metadata") parts[name] = text.slice(start, end);
		return end;
	});
	return parts;
}
