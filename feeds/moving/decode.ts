/**
 * Reads a line of an export. The text is "latin1", one character for each byte of UTF-8, so that
 * the bytes of `data` and `metadata` can be cut out unchanged.
 */
import { findJsonFault } from "../json/fault.ts";
import { eachMember, NESTING_MAX, nestsTooDeep, skipSpace, skipValue } from "../json/text.ts";
import { parseTime } from "../time.ts";
import type { LineEvent } from "./event.ts";

/** The members of a line, the ones that every line has to have first. */
const NEEDED = ["stream", "type", "id", "version", "position", "created", "hash"] as const;
const OTHERS = [
	...["data", "dataBase64", "metadata", "metadataBase64", "isJson", "mark", "erased"],
	...["dataDigest", "metadataDigest", "correlation", "incarnation", "logIncarnation"],
];
const NAMES: ReadonlySet<string> = new Set([...NEEDED, ...OTHERS]);

const MARKS: ReadonlySet<string> = new Set(["tombstone", "revival"]);
const ERASED: ReadonlySet<string> = new Set(["redacted", "scavenged"]);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const HASH_BYTES = 32;
const NOTHING = new Uint8Array(0);
const UNREADABLE = "it cannot be read as a line of an export";

/** Thrown within this file alone. */
class LineFault extends Error {}

/** @returns the event, or why the line is none */
export function decodeLine(text: string): LineEvent | string {
	try {
		return eventIn(membersOf(text));
	} catch (error) {
		if (error instanceof LineFault) return error.message;
		throw error;
	}
}

type Members = ReadonlyMap<string, string>;

function membersOf(text: string): Members {
	try {
		JSON.parse(text);
	} catch {
		const fault = findJsonFault(text);
		throw new LineFault(`it is not JSON: ${fault?.reason ?? UNREADABLE}`);
	}
	const start = skipSpace(text, 0);
	if (text[start] !== "{") throw new LineFault("it is not an object");
	if (nestsTooDeep(text)) throw new LineFault(`it nests deeper than ${NESTING_MAX} levels`);
	const members = new Map<string, string>();
	eachMember(text, start, (name, from) => {
		if (!NAMES.has(name)) throw new LineFault(`no export has a member ${name.slice(0, 64)}`);
		if (members.has(name)) throw new LineFault(`${name} appears twice`);
		const end = skipValue(text, from);
		members.set(name, text.slice(from, end));
		return end;
	});
	for (const name of NEEDED) {
		if (!members.has(name))
			throw new LineFault(`it has no ${name}; only varve export writes such lines`);
	}
	return members;
}

function eventIn(members: Members): LineEvent {
	const isPlain = members.has("data");
	const isJson = members.get("isJson") ?? String(isPlain);
	if (isJson !== "true" && isJson !== "false") throw new LineFault("isJson is not true or false");
	const dataDigest = digestIn(members, "dataDigest");
	const metadataDigest = digestIn(members, "metadataDigest");
	return {
		stream: textIn(members, "stream"),
		type: textIn(members, "type"),
		id: textIn(members, "id"),
		isJson: isJson === "true",
		data: contentIn(members, "data"),
		metadata: contentIn(members, "metadata"),
		version: numberIn(members, "version"),
		position: numberIn(members, "position"),
		created: timeIn(members),
		incarnation: members.has("incarnation") ? numberIn(members, "incarnation") : 1,
		hash: digestIn(members, "hash") ?? NOTHING,
		mark: wordIn(members, "mark", MARKS) as LineEvent["mark"],
		erased: wordIn(members, "erased", ERASED) as LineEvent["erased"],
		digests:
			dataDigest && metadataDigest ? { data: dataDigest, metadata: metadataDigest } : undefined,
		correlation: members.has("correlation") ? textIn(members, "correlation") : undefined,
	};
}

function textIn(members: Members, name: string): string {
	const literal = members.get(name) ?? "";
	if (!literal.startsWith('"')) throw new LineFault(`${name} is not a string`);
	return JSON.parse(Buffer.from(literal, "latin1").toString("utf8")) as string;
}

function wordIn(members: Members, name: string, words: ReadonlySet<string>): string | undefined {
	if (!members.has(name)) return undefined;
	const word = textIn(members, name);
	if (words.has(word)) return word;
	throw new LineFault(`${name} is not one of ${[...words].join(", ")}`);
}

function numberIn(members: Members, name: string): number {
	const literal = members.get(name) ?? "";
	const number = /^\d{1,16}$/.test(literal) ? Number(literal) : Number.NaN;
	if (Number.isSafeInteger(number)) return number;
	throw new LineFault(`${name} is not a whole number from 0`);
}

function timeIn(members: Members): number {
	const time = parseTime(textIn(members, "created"));
	if (time !== undefined && time >= 0) return time;
	throw new LineFault("created is not a time such as 2024-05-01T12:00:00.000Z");
}

function contentIn(members: Members, name: string): Uint8Array {
	const plain = members.get(name);
	if (!members.has(`${name}Base64`)) {
		return plain === undefined || plain === "null" ? NOTHING : Buffer.from(plain, "latin1");
	}
	if (plain !== undefined) throw new LineFault(`it has both ${name} and ${name}Base64`);
	return bytesIn(members, `${name}Base64`);
}

function digestIn(members: Members, name: string): Uint8Array | undefined {
	if (!members.has(name)) return undefined;
	const bytes = bytesIn(members, name);
	if (bytes.length === HASH_BYTES) return bytes;
	throw new LineFault(`${name} is not a SHA-256 hash in Base64`);
}

function bytesIn(members: Members, name: string): Uint8Array {
	const text = textIn(members, name);
	if (!BASE64.test(text)) throw new LineFault(`${name} is not Base64`);
	return Buffer.from(text, "base64");
}
