/**
 * Reads a page of lines (docs/page-of-lines.md). Data and metadata stay bytes: a reader that only
 * carries them never parses them.
 *
 * The page is taken in pieces of whole lines, which are copied, and decoded one character a byte:
 * if data and names were cut out of the page itself, one event that a program keeps would keep all
 * of it. The head of the usual line is plain ASCII with its members in order, and `data` runs to
 * the end of the line, so the line is cut up and not parsed:
 *
 *     {"at":7,"stream":"order-42",…,"isJson":true,"metadata":{"by":"me"},"data":{"total":1.10}}
 *     ├─────────────────── head ─────────────────┤           ├─ bytes ─┤       ├── bytes ───┤
 *
 * Any other line is parsed, member by member.
 */
import { FeedFormatError } from "../errors.ts";
import { parseData } from "../json/data.ts";
import { type Json, objectOf, textIn } from "../json/members.ts";
import { eachMember, isJsonText, skipSpace, skipValue } from "../json/text.ts";
import type { ReadEvent } from "../model.ts";

/** Names without an escape, in ASCII. */
const NAME = '"([ !#-[\\]-~]*)"';
/** Numbers that a double holds exactly. */
const NUMBER = "(\\d{1,15})";
const HEAD = new RegExp(
	`\\{"at":${NUMBER},"stream":${NAME},"version":${NUMBER},"position":${NUMBER}` +
		`,"id":${NAME},"type":${NAME},"created":${NAME},"isJson":(true|false)`,
	"y",
);
const METADATA = ',"metadata":';
const DATA = ',"data":';
const LINE_FEED = 0x0a;
const CLOSING_BRACE = 0x7d;
/** A page of a thousand events has some twenty pieces. */
const PIECE_BYTES = 16 * 1024;
const NOTHING = new Uint8Array(0);

/** Whole lines: their bytes, and the same as text, a character each. */
type Piece = { readonly bytes: Uint8Array; readonly text: string };
/** A part of a piece: from one byte up to another. */
type Span = { readonly start: number; readonly end: number };

/**
 * The events of a page, in the order of its lines. Links that lead nowhere show none.
 * @param count the number of lines that there must be
 * @throws FeedFormatError
 */
export function decodeLines(body: Uint8Array, count: number): ReadEvent[] {
	const events: ReadEvent[] = [];
	let lines = 0;
	for (let from = 0; from < body.length; ) {
		const piece = pieceAt(body, from);
		const { text } = piece;
		for (let start = 0; start < text.length; lines++) {
			const end = text.indexOf("\n", start);
			const event = quickly(piece, start, end) ?? byMembers(piece, { start, end }, lines);
			if (event) events.push(event);
			start = end + 1;
		}
		from += text.length;
	}
	if (lines !== count) throw new FeedFormatError(`it has ${lines} lines in place of ${count}`);
	return events;
}

/** The next lines from `from` on, at least one. */
function pieceAt(body: Uint8Array, from: number): Piece {
	let last = body.lastIndexOf(LINE_FEED, from + PIECE_BYTES);
	if (last < from) last = body.indexOf(LINE_FEED, from);
	if (last === -1) throw new FeedFormatError("its last line has no end");
	const copy = new Uint8Array(last + 1 - from);
	copy.set(body.subarray(from, last + 1));
	// Browsers know no buffers. Their decoder gives one character for each byte, too: those beyond
	// ASCII are others, but nothing looks at them.
	if (typeof Buffer === "undefined")
		return { bytes: copy, text: new TextDecoder("latin1").decode(copy) };
	const bytes = Buffer.from(copy.buffer);
	return { bytes, text: bytes.toString("latin1") };
}

/** The event of a usual line; undefined if the line is another one. */
function quickly({ bytes, text }: Piece, start: number, end: number): ReadEvent | undefined {
	HEAD.lastIndex = start;
	const head = HEAD.exec(text);
	if (head === null || text.charCodeAt(end - 1) !== CLOSING_BRACE) return undefined;
	let after = start + head[0].length;
	let metadata: Uint8Array = NOTHING;
	if (text.startsWith(METADATA, after)) {
		const value = after + METADATA.length;
		after = text.indexOf(DATA, value);
		// A member of the metadata may have that name. Then this is no JSON.
		if (after === -1 || after > end || !isJsonText(text.slice(value, after))) return undefined;
		metadata = bytes.subarray(value, after);
	}
	if (!text.startsWith(DATA, after)) return undefined;
	const [, at, stream = "", version, position, id = "", type = "", created = "", isJson] = head;
	return {
		stream,
		version: Number(version),
		position: Number(position),
		at: Number(at),
		id,
		type,
		isJson: isJson === "true",
		data: bytes.subarray(after + DATA.length, end - 1),
		metadata,
		created,
		json: parseData,
	};
}

/** The event of any line; undefined if it is a link that leads nowhere. */
function byMembers({ bytes, text }: Piece, span: Span, index: number): ReadEvent | undefined {
	const at = `line ${index + 1}`;
	const json = parsedLine(bytes.subarray(span.start, span.end), at);
	if (json.unresolved === true) return undefined;
	const content = new Map<string, Uint8Array>();
	eachMember(text, span.start, (name, value) => {
		const end = skipSpace(text, skipValue(text, value, Infinity));
		// The format has no white space of its own: it belongs to what the client sent.
		const start = text.lastIndexOf(":", value) + 1;
		if (name === "data" || name === "metadata") content.set(name, bytes.subarray(start, end));
		return end;
	});
	const data = content.get("data") ?? base64In(json, "dataBase64", at);
	const metadata = content.get("metadata") ?? base64In(json, "metadataBase64", at);
	return { ...headOf(json, at), data, metadata, json: parseData };
}

function parsedLine(bytes: Uint8Array, at: string): Json {
	let value: unknown;
	try {
		value = JSON.parse(new TextDecoder().decode(bytes));
	} catch (error) {
		throw new FeedFormatError(`${at} is not JSON`, error);
	}
	return objectOf(value, at);
}

function headOf(json: Json, at: string) {
	const { isJson } = json;
	if (typeof isJson !== "boolean") throw new FeedFormatError(`${at}.isJson is not true or false`);
	return {
		stream: textIn(json, "stream", at),
		version: numberIn(json, "version", at),
		position: numberIn(json, "position", at),
		at: numberIn(json, "at", at),
		id: textIn(json, "id", at),
		type: textIn(json, "type", at),
		isJson,
		created: textIn(json, "created", at),
	};
}

function numberIn(json: Json, name: string, at: string): number {
	const value = json[name];
	if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
	throw new FeedFormatError(`${at}.${name} is not a whole number`);
}

function base64In(json: Json, name: string, at: string): Uint8Array {
	if (json[name] === undefined) return NOTHING;
	const text = textIn(json, name, at);
	if (typeof Buffer !== "undefined") return Buffer.from(text, "base64");
	try {
		return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
	} catch (error) {
		throw new FeedFormatError(`${at}.${name} is not Base64`, error);
	}
}
