/**
 * The attributes of a CloudEvent (CloudEvents 1.0, JSON format). An event keeps those that are not
 * fields of its own in its metadata:
 *
 *     metadata   {"cloudevents":{"id":"A-1","source":"/shop","subject":"42","retries":3}}
 *
 * Each is kept as the text that was sent, so that it comes back unchanged. `data_base64`, which is
 * not a valid name of an attribute, says that the data came in Base64.
 */
import { textOf } from "../json/string.ts";
import { eachMember, isJsonText, skipSpace, skipValue } from "../json/text.ts";

/** Names, and values as JSON text. */
export type Attributes = Map<string, string>;

export const IN_BASE64 = "data_base64";
/** The server sets these itself, whatever the client sent: an event's place in stream and log. */
export const PLACES: ReadonlySet<string> = new Set(["stream", "version", "position"]);

const MEMBER = "cloudevents";
/** Section 3: lower-case letters and digits, so that every transport can carry the name. */
const NAME = /^[a-z0-9]+$/;

export function isAttributeName(name: string): boolean {
	return NAME.test(name) && name !== "data";
}

/** Strings, numbers, true and false: the only forms of an attribute's value. */
export function isAttributeValue(literal: string): boolean {
	return /^["\-0-9tf]/.test(literal);
}

/** Metadata that keeps these attributes. */
export function metadataOf(attributes: Attributes): Uint8Array {
	const members = [...attributes].map(([name, value]) => `"${name}":${value}`);
	return Buffer.from(`{"${MEMBER}":{${members.join(",")}}}`);
}

/** The attributes an event's metadata keeps; undefined if it keeps none. */
export function attributesOf(metadata: Uint8Array): Attributes | undefined {
	const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.length);
	if (!bytes.includes(`"${MEMBER}"`)) return undefined;
	const text = textOf(bytes);
	const start = skipSpace(text, 0);
	if (text[start] !== "{" || !isJsonText(text)) return undefined;
	let found: Attributes | undefined;
	eachMember(text, start, (name, at) => {
		if (name === MEMBER && text[at] === "{") found = membersOf(text, at);
		return skipValue(text, at, Infinity);
	});
	return found;
}

/** Anyone may write metadata, so values that cannot be attributes are skipped. */
function membersOf(text: string, at: number): Attributes {
	const members: Attributes = new Map();
	eachMember(text, at, (name, start) => {
		const end = skipValue(text, start, Infinity);
		const value = text.slice(start, end);
		const known = isAttributeName(name) || name === IN_BASE64;
		if (known && isAttributeValue(value)) members.set(name, value);
		return end;
	});
	return members;
}
