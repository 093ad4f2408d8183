/**
 * The attributes of a CloudEvent (CloudEvents 1.0, JSON format), and how an event keeps those that
 * have no place of their own in it.
 *
 *     metadata   {"cloudevents":{"id":"A-1","source":"/shop","subject":"42","retries":3}}
 *
 * Each is kept as the text it was sent as, so that it is given back as it came. `data_base64`,
 * which no attribute can be called, says that the data came in Base64.
 */
import { textOf } from "../json/string.ts";
import { eachMember, isJsonText, skipSpace, skipValue } from "../json/text.ts";

/** Names, and values as JSON text. */
export type Attributes = Map<string, string>;

export const IN_BASE64 = "data_base64";
/** Where in a stream and in the log an event is: ours to say, whatever was sent. */
export const PLACES: ReadonlySet<string> = new Set(["stream", "version", "position"]);

const MEMBER = "cloudevents";
/** Section 3: lower-case letters and digits, so that every transport can carry it. */
const NAME = /^[a-z0-9]+$/;

export function isAttributeName(name: string): boolean {
	return NAME.test(name) && name !== "data";
}

/** Strings, numbers, true and false; no type of an attribute is written as anything else. */
export function isAttributeValue(literal: string): boolean {
	return /^["\-0-9tf]/.test(literal);
}

/** Metadata that keeps these attributes. */
export function metadataOf(attributes: Attributes): Uint8Array {
	const members = [...attributes].map(([name, value]) => `"${name}":${value}`);
	return Buffer.from(`{"${MEMBER}":{${members.join(",")}}}`);
}

/** The attributes an event's metadata keeps; undefined where it keeps none. */
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

/** Anyone may write metadata: what could be no attribute is passed over. */
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
