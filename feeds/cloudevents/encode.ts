/**
 * Events as CloudEvents 1.0 in JSON, singly and in batches, oldest first.
 *
 * An event that was appended as a CloudEvent comes back with its attributes. For any other event,
 * `source` is its stream, `time` its commit, and `metadata` the text of its metadata, if it has
 * any: an attribute cannot hold an object. `stream`, `version` and `position` give an event's
 * place.
 */
import { isUtf8 } from "node:buffer";
import { quote, textOf } from "../json/string.ts";
import { isJsonText, stringAt } from "../json/text.ts";
import type { Entry, EntryEvent, Feed } from "../model.ts";
import { type FeedParts, inOrder } from "../parts.ts";
import { parseTime } from "../time.ts";
import { type Attributes, attributesOf, IN_BASE64, PLACES } from "./attributes.ts";

/** An Integer of CloudEvents has 32 bits; a larger number is written as a String. */
const INTEGER_MAX = 2 ** 31 - 1;

/** Holds the event's own id if `id` is another. */
const OWN_ID = "eventid";

/** `application/cloudevents-batch+json` */
export function encodeCloudEvents(feed: Pick<Feed, "entries">): string {
	const { before, entry, separator, behind } = CLOUDEVENTS_PARTS;
	const texts = feed.entries.map((one) => entry(one));
	return before() + inOrder(CLOUDEVENTS_PARTS, texts).join(separator) + behind;
}

export const CLOUDEVENTS_PARTS = {
	before: () => "[",
	entry: (entry: Entry) => (entry.unresolved ? "" : encodeCloudEvent(entry)),
	separator: ",",
	behind: "]",
	isOldestFirst: true,
} as const satisfies FeedParts;

/** The same of entries that may be known by other ids than their events'. */
export function encodeBatch(
	batch: readonly { readonly entry: Entry; readonly id: string | undefined }[],
): string {
	return `[${batch.map(({ entry, id }) => encodeWithId(entry, id)).join(",")}]`;
}

/** `application/cloudevents+json` */
export function encodeCloudEvent(entry: Entry): string {
	return encodeWithId(entry, undefined);
}

/** @param id in place of the event's own, which is then the attribute `eventid` */
function encodeWithId(entry: Entry, id: string | undefined): string {
	const { event } = entry;
	const kept = attributesOf(event.metadata);
	const own = kept ?? foreign(event);
	const first = { id: textIn(own, "id"), source: textIn(own, "source"), time: timeIn(own) };
	const ownId = first.id ?? quote(event.eventId);
	let out =
		`{"specversion":"1.0","id":${id === undefined ? ownId : quote(id)}` +
		`,"source":${first.source ?? quote(streamPath(entry.id))},"type":${quote(event.eventType)}` +
		`,"time":${first.time ?? quote(entry.updated)}`;
	if (id !== undefined) {
		out += `,"${OWN_ID}":${ownId}`;
		own.delete(OWN_ID);
	}
	for (const [name, value] of own) {
		const elsewhere = name in first || name === IN_BASE64 || name === "specversion";
		if (!elsewhere && name !== "type" && !PLACES.has(name)) out += `,"${name}":${value}`;
	}
	return (
		`${out},"stream":${quote(event.streamId)},"version":${integer(event.eventNumber)}` +
		`,"position":${integer(event.position)}${dataMember(event, kept)}}`
	);
}

/** An attribute that must be text; anyone may write metadata that has another value there. */
function textIn(attributes: Attributes, name: string): string | undefined {
	const value = attributes.get(name);
	return value?.[0] === '"' && value !== '""' ? value : undefined;
}

/** The time as it was sent, if it is one. */
function timeIn(attributes: Attributes): string | undefined {
	const value = textIn(attributes, "time");
	if (value === undefined) return undefined;
	return parseTime(stringAt(value, 0, value.length)) === undefined ? undefined : value;
}

/** The attributes of an event that was not appended as a CloudEvent. */
function foreign({ data, isJson, metadata }: EntryEvent): Attributes {
	const attributes: Attributes = new Map();
	if (data.length > 0) {
		const isText = isJson && isJsonText(textOf(data));
		const type = isText ? "application/json" : "application/octet-stream";
		attributes.set("datacontenttype", quote(type));
	}
	if (metadata.length > 0 && isUtf8(metadata)) attributes.set("metadata", quote(textOf(metadata)));
	return attributes;
}

/** Section 3.1 of the JSON format: JSON unchanged, text as a string, anything else in Base64. */
function dataMember({ data, isJson }: EntryEvent, kept: Attributes | undefined): string {
	if (data.length === 0) return "";
	const text = textOf(data);
	const inBase64 = kept?.has(IN_BASE64) ?? true;
	if (isJson && isJsonText(text)) return `,"data":${text}`;
	if (!inBase64 && isUtf8(data)) return `,"data":${JSON.stringify(text)}`;
	return `,"data_base64":"${Buffer.from(data).toString("base64")}"`;
}

/** `http://host/streams/s/4` → `/streams/s`: the same for every host. */
function streamPath(url: string): string {
	return url.slice(0, url.lastIndexOf("/")).replace(/^\w+:\/\/[^/]*/, "");
}

function integer(number: number): string {
	return number > INTEGER_MAX ? `"${number}"` : String(number);
}
