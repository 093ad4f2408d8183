/**
 * CloudEvents 1.0 as clients send them: structured (one event or a batch) and binary (the
 * attributes are headers, and the body is the data).
 *
 * The log keeps the data as the bytes that were sent. The attributes go into the event's metadata;
 * see `attributes.ts`.
 */
import { isUtf8 } from "node:buffer";
import { BodyFormatError } from "../errors.ts";
import { checkJson } from "../events/decode.ts";
import { eachElement, eachMember, skipSpace, skipValue, stringAt } from "../json/text.ts";
import { parseTime } from "../time.ts";
import {
	type Attributes,
	IN_BASE64,
	isAttributeName,
	isAttributeValue,
	metadataOf,
	PLACES,
} from "./attributes.ts";

export type DecodedCloudEvent = {
	/** Any text; together with `source` it names the event. */
	readonly id: string;
	readonly source: string;
	readonly type: string;
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

type DataContent = { readonly bytes: Uint8Array; readonly isJson: boolean };

const REQUIRED = ["specversion", "id", "source", "type"];
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const NOTHING: DataContent = { bytes: new Uint8Array(0), isJson: false };

/** @throws BodyFormatError if it is not JSON, or not a CloudEvent */
export function decodeCloudEvent(body: Uint8Array): DecodedCloudEvent {
	checkJson(body);
	const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
	return decodeAt(text, skipSpace(text, 0), 0);
}

/** @throws BodyFormatError, with the index if one event is at fault */
export function decodeCloudEventBatch(body: Uint8Array): DecodedCloudEvent[] {
	checkJson(body);
	const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8");
	const start = skipSpace(text, 0);
	if (text[start] !== "[") throw new BodyFormatError({ reason: "it is not an array of events" });
	const events: DecodedCloudEvent[] = [];
	eachElement(text, start, (at) => {
		events.push(decodeAt(text, at, events.length));
		return skipValue(text, at);
	});
	return events;
}

/**
 * @param headers the request's, names in lower case: those that start with `ce-` are attributes
 * @throws BodyFormatError
 */
export function decodeBinaryCloudEvent(
	headers: Readonly<Record<string, string | string[] | undefined>>,
	body: Uint8Array,
): DecodedCloudEvent {
	const attributes: Attributes = new Map();
	for (const [header, value] of Object.entries(headers)) {
		if (!header.startsWith("ce-")) continue;
		const name = header.slice("ce-".length);
		if (!isAttributeName(name)) throw fault(0, `${name} is not a name of an attribute`);
		attributes.set(name, JSON.stringify(headerText(name, String(value))));
	}
	const type = headers["content-type"];
	if (typeof type === "string") attributes.set("datacontenttype", JSON.stringify(type));
	const isJson = body.length > 0 && isJsonType(type as string | undefined);
	if (isJson) checkJson(body);
	// In JSON this data could be text or Base64; it is text if possible.
	if (!isJson && !isUtf8(body)) attributes.set(IN_BASE64, "true");
	return finish(attributes, { bytes: body, isJson }, 0);
}

function decodeAt(text: string, at: number, index: number): DecodedCloudEvent {
	if (text[at] !== "{") throw fault(index, "it is not an object");
	const attributes: Attributes = new Map();
	const sent = new Map<string, string>();
	eachMember(text, at, (name, start) => {
		const end = skipValue(text, start);
		const literal = text.slice(start, end);
		if (name === "data" || name === IN_BASE64) sent.set(name, literal);
		else if (!isAttributeName(name))
			throw fault(index, `${shown(name)} is not a name of an attribute`);
		// An attribute that is null counts as absent (JSON format, section 2.2).
		else if (literal !== "null") attributes.set(name, literal);
		return end;
	});
	for (const [name, literal] of attributes) {
		if (!isAttributeValue(literal)) throw fault(index, `${name} is an object or an array`);
	}
	if (sent.size > 1) throw fault(index, `it has both data and ${IN_BASE64}`);
	const content = contentOf(sent, attributes, index);
	if (sent.has(IN_BASE64)) attributes.set(IN_BASE64, "true");
	return finish(attributes, content, index);
}

function finish(attributes: Attributes, content: DataContent, index: number): DecodedCloudEvent {
	for (const name of REQUIRED) {
		if (textOf(attributes, name) === "") throw fault(index, `${name} is missing, or is not text`);
	}
	if (textOf(attributes, "specversion") !== "1.0") throw fault(index, 'specversion is not "1.0"');
	const time = textOf(attributes, "time");
	if (attributes.has("time") && parseTime(time) === undefined) {
		throw fault(index, `time is ${shown(time)}, and not such as 2026-03-01T14:00:00Z (RFC 3339)`);
	}
	const [id, source] = [textOf(attributes, "id"), textOf(attributes, "source")];
	const type = textOf(attributes, "type");
	for (const name of ["specversion", "type", ...PLACES]) attributes.delete(name);
	const metadata = metadataOf(attributes);
	// If an event has no data, the flag describes its metadata.
	const isJson = content.isJson || content.bytes.length === 0;
	return { id, source, type, isJson, data: content.bytes, metadata };
}

/** Section 3.1 of the JSON format. A string is JSON, unless the data's type says that it is not. */
function contentOf(sent: Map<string, string>, attributes: Attributes, index: number): DataContent {
	const inBase64 = sent.get(IN_BASE64);
	if (inBase64 !== undefined) {
		const digits = inBase64[0] === '"' ? stringAt(inBase64, 0, inBase64.length) : "-";
		if (!BASE64.test(digits)) throw fault(index, `${IN_BASE64} is not Base64`);
		return { bytes: Buffer.from(digits, "base64"), isJson: false };
	}
	const literal = sent.get("data");
	if (literal === undefined) return NOTHING;
	const type = textOf(attributes, "datacontenttype") || undefined;
	if (literal[0] !== '"' || isJsonType(type)) return { bytes: Buffer.from(literal), isJson: true };
	const text = stringAt(literal, 0, literal.length);
	if (!text.isWellFormed()) throw fault(index, "data holds half a surrogate pair");
	return { bytes: Buffer.from(text), isJson: false };
}

/** If there is no type, the data is JSON. */
function isJsonType(type: string | undefined): boolean {
	return type === undefined || /^[^;]*[/+]json\s*(?:;|$)/i.test(type);
}

/** The value of a text attribute; "" if the attribute is absent or not text. */
function textOf(attributes: Attributes, name: string): string {
	const literal = attributes.get(name) ?? "";
	return literal[0] === '"' ? stringAt(literal, 0, literal.length) : "";
}

/** HTTP binding, section 3.1.3.2: characters beyond printable ASCII are percent-encoded. */
function headerText(name: string, value: string): string {
	try {
		return decodeURIComponent(value.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"));
	} catch {
		throw fault(0, `${name} is percent-encoded, but not UTF-8`);
	}
}

function shown(name: string): string {
	return JSON.stringify(name.slice(0, 32));
}

function fault(index: number, reason: string): BodyFormatError {
	return new BodyFormatError({ reason, index });
}
