/**
 * Batches of events as clients send them: `application/vnd.eventstore.events+json`.
 *
 * The body is read twice. `JSON.parse` decides whether it is JSON, in native code. Then a cursor
 * finds the slices of the values, so that the log stores exactly the bytes that were sent. Both
 * read the body as latin1: every byte is a character, nothing outside strings is above ASCII, and
 * an index is a byte offset.
 */
import { isUtf8 } from "node:buffer";
import { BodyFormatError } from "../errors.ts";
import {
	eachElement,
	eachMember,
	isJsonText,
	NESTING_MAX,
	nestsTooDeep,
	skipSpace,
	skipValue,
} from "../json/text.ts";
import { syntaxError } from "./syntax.ts";

export type DecodedEvent = {
	/** As sent; "" if it is missing. */
	readonly eventId: string;
	/** As sent; "" if it is missing. */
	readonly eventType: string;
	/** Whether data or metadata is a JSON document. */
	readonly isJson: boolean;
	/** Views on the body if its bytes can be used as they are. */
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

type MemberContent = { readonly bytes: Uint8Array; readonly isJson: boolean };

/** The body, as bytes and as one character a byte, and the index of the event being read. */
type Source = { readonly bytes: Buffer; readonly text: string; readonly index: number };
type Field = "eventId" | "eventType" | "data" | "metadata";
type Slice = { readonly field: Field; readonly start: number; readonly end: number };
type Found = { [field in Field]?: Slice };

const FIELDS: readonly Field[] = ["eventId", "eventType", "data", "metadata"];
const ESCAPED_OR_WIDE = /[\\\u0080-\u00ff]/;
const NOT_A_BATCH =
	'it is not an array of events, such as [{"eventId":"<UUID>","eventType":"OrderPlaced","data":{}}]';
const EMPTY: MemberContent = { bytes: new Uint8Array(0), isJson: false };

/**
 * Reads a non-empty array of event objects. Names are matched without regard to case; of duplicates
 * the last one counts; unknown ones are ignored. `data` and `metadata` become, each on its own:
 *
 * | JSON value                               | bytes                    | JSON? |
 * |------------------------------------------|--------------------------|-------|
 * | object, array, number, boolean           | as sent                  | yes   |
 * | string that is an object or array itself | the string's, in UTF-8   | yes   |
 * | any other string                         | the string's, in UTF-8   | no    |
 * | null, or missing                         | none                     | no    |
 *
 * The caller checks ids, duplicate ids and sizes.
 * @throws BodyFormatError with line, column and byteOffset if it is not JSON; else, if one
 * event is at fault, with its index
 */
export function decodeEventBatch(body: Uint8Array): DecodedEvent[] {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
	const text = validText(bytes);
	const start = skipSpace(text, 0);
	if (text[start] !== "[") throw new BodyFormatError({ reason: NOT_A_BATCH });

	const events: DecodedEvent[] = [];
	eachElement(text, start, (at) => {
		const index = events.length;
		if (text[at] !== "{") throw new BodyFormatError({ reason: "it is not an object", index });
		const found: Found = {};
		const end = eachMember(text, at, (name, start) => {
			const end = skipValue(text, start);
			if (end === -1) throw syntaxError(bytes, text);
			const field = fieldOf(name);
			if (field) found[field] = { field, start, end };
			return end;
		});
		events.push(decodeEvent({ bytes, text, index }, found));
		return end;
	});
	if (events.length === 0) throw new BodyFormatError({ reason: "it is an array without events" });
	return events;
}

/**
 * Checks a body that is one JSON document.
 * @throws BodyFormatError as `decodeEventBatch` does
 */
export function checkJson(body: Uint8Array): void {
	const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
	const text = validText(bytes);
	if (nestsTooDeep(text)) throw syntaxError(bytes, text);
}

/** The body, one character a byte, after the check that it is UTF-8 and JSON. */
function validText(bytes: Buffer): string {
	const text = bytes.toString("latin1");
	if (!isUtf8(bytes)) throw syntaxError(bytes, text);
	try {
		JSON.parse(text);
	} catch {
		throw syntaxError(bytes, text);
	}
	return text;
}

function decodeEvent(event: Source, found: Found): DecodedEvent {
	const data = contentOf(event, found.data);
	const metadata = contentOf(event, found.metadata);
	return {
		eventId: wordOf(event, found.eventId),
		eventType: wordOf(event, found.eventType),
		isJson: data.isJson || metadata.isJson,
		data: data.bytes,
		metadata: metadata.bytes,
	};
}

function fieldOf(name: string): Field | undefined {
	switch (name) {
		case "eventId":
		case "eventType":
		case "data":
		case "metadata":
			return name;
	}
	const lower = name.toLowerCase();
	return FIELDS.find((field) => field.toLowerCase() === lower);
}

function wordOf(event: Source, slice: Slice | undefined): string {
	if (slice === undefined || event.text[slice.start] === "n") return "";
	if (event.text[slice.start] === '"') return stringOf(event, slice);
	throw new BodyFormatError({ reason: `${slice.field} is not a string`, index: event.index });
}

function contentOf(event: Source, slice: Slice | undefined): MemberContent {
	if (slice === undefined) return EMPTY;
	const first = event.text[slice.start];
	if (first === "n") return EMPTY;
	if (first !== '"') return { bytes: event.bytes.subarray(slice.start, slice.end), isJson: true };

	const string = stringOf(event, slice);
	if (!string.isWellFormed()) {
		const reason = `${slice.field} holds half a surrogate pair, which UTF-8 cannot write`;
		throw new BodyFormatError({ reason, index: event.index });
	}
	return { bytes: Buffer.from(string), isJson: isContainer(event, slice, string) };
}

/** The string as the client meant it: in the text, each of its bytes is a character. */
function stringOf({ bytes, text }: Source, { start, end }: Slice): string {
	const plain = text.slice(start + 1, end - 1);
	if (!ESCAPED_OR_WIDE.test(plain)) return plain;
	return JSON.parse(bytes.toString("utf8", start, end)) as string;
}

function isContainer(event: Source, slice: Slice, string: string): boolean {
	if (!/^[ \t\n\r]*[[{]/.test(string) || !isJsonText(string)) return false;
	if (!nestsTooDeep(string)) return true;
	const reason = `${slice.field} nests deeper than ${NESTING_MAX} levels`;
	throw new BodyFormatError({ reason, index: event.index });
}
