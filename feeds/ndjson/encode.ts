/**
 * An event as a line of NDJSON. `data` and `metadata` are the stored bytes, copied, so that numbers
 * survive. Bytes that are not JSON, not UTF-8, or would break the line, are in Base64.
 */
import { isUtf8 } from "node:buffer";
import { quote, textOf } from "../json/string.ts";
import { isJsonText } from "../json/text.ts";
import type { Entry, LoggedEvent } from "../model.ts";

/**
 * A line with everything about an event, for people and programs.
 * @param at its number in the index stream, if it was read from one
 * @returns one JSON object and a line feed
 */
export function encodeLine(event: LoggedEvent, at?: number): string {
	const data = unbroken(jsonText(event.data, event.isJson));
	const metadata = unbroken(jsonText(event.metadata, true));
	return `${objectOf(event, at, data, metadata)}\n`;
}

function objectOf(
	event: LoggedEvent,
	at: number | undefined,
	data: string | undefined,
	metadata: string | undefined,
): string {
	return (
		`{"stream":${quote(event.stream)},"version":${event.version}` +
		`${at === undefined ? "" : `,"at":${at}`},"position":${event.position}` +
		`,"id":${quote(event.id)},"type":${quote(event.type)},"created":${quote(event.created)}` +
		`${contentMember("data", event.data, data)}` +
		`${contentMember("metadata", event.metadata, metadata)}}`
	);
}

/** An entry of a feed as a line. It has `at` if the feed is of an index stream. */
export function encodeEntryLine(entry: Entry): string {
	const [event, at] = loggedOf(entry);
	return encodeLine(event, at);
}

/** The same object, for a form that can carry the line breaks within JSON. */
export function encodeEntryObject(entry: Entry): string {
	return encodeObject(...loggedOf(entry));
}

/** As `encodeLine`, but line breaks within its JSON stay, and no line feed ends it. */
export function encodeObject(event: LoggedEvent, at?: number): string {
	return objectOf(event, at, jsonText(event.data, event.isJson), jsonText(event.metadata, true));
}

function loggedOf({ event, updated }: Entry): [LoggedEvent, number | undefined] {
	const { streamId, eventNumber, eventId, eventType, position, isJson, data, metadata } = event;
	const line = { position, isJson, data, metadata, created: updated };
	const named = { stream: streamId, version: eventNumber, id: eventId, type: eventType, ...line };
	const own = event.positionStreamId === streamId;
	return [named, own ? undefined : event.positionEventNumber];
}

/**
 * The member that holds `bytes`, with its comma; "" if there are no bytes.
 * @param json their text if it can be copied unchanged; otherwise they are written in Base64
 */
export function contentMember(name: string, bytes: Uint8Array, json: string | undefined): string {
	if (bytes.length === 0) return "";
	if (json !== undefined) return `,"${name}":${json}`;
	return `,"${name}Base64":"${Buffer.from(bytes).toString("base64")}"`;
}

/** The text of JSON bytes; undefined for anything else. */
export function jsonText(bytes: Uint8Array, isJson: boolean): string | undefined {
	if (!isJson || bytes.length === 0) return undefined;
	const text = textOf(bytes);
	if (text.includes("\ufffd") && !isUtf8(bytes)) return undefined;
	return isJsonText(text) ? text : undefined;
}

function unbroken(json: string | undefined): string | undefined {
	return json !== undefined && /[\r\n]/.test(json) ? undefined : json;
}
