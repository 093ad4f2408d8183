/**
 * One line of an import as the request that appends it.
 *
 * It sends the exact bytes of `data` and `metadata`, cut out of the line: if it parsed them into
 * values and wrote them again, 12345678901234567890 would become 12345678901234567000. All text
 * here is "latin1", one character for each byte of UTF-8, so every slice is exact and every length
 * is a byte count.
 *
 * If a batch cannot carry an event unchanged (a JSON string, bytes that are not text), the event
 * goes in a request of its own, whose body is the data.
 */
import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { findJsonFault } from "../../../feeds/json/fault.ts";
import {
	eachMember,
	NESTING_MAX,
	nestsTooDeep,
	skipSpace,
	skipValue,
} from "../../../feeds/json/text.ts";
import { nameFault, parseUuid, STREAM_NAME_BYTES_MAX } from "../../event.ts";
import { nearest } from "../../nearest.ts";
import { Failure } from "../explain.ts";

export type Line = {
	readonly number: number;
	/** Its name, as UTF-16 like everywhere else. */
	readonly stream: string;
	/** The members as JSON text in latin1. */
	readonly members: Members;
};

type Members = { readonly [name in Name]?: string };
type Name = (typeof NAMES)[number];

/**
 * The members of a line. `varve read` also prints version, position and created, and `varve export`
 * all of them; an import that gives events numbers of its own sends none of these.
 */
const NAMES = [
	"stream",
	"type",
	"data",
	"metadata",
	"id",
	"dataBase64",
	"metadataBase64",
	"isJson",
	"version",
	"position",
	"created",
	"hash",
	"mark",
	"erased",
	"dataDigest",
	"metadataDigest",
	"correlation",
	"incarnation",
	"logIncarnation",
] as const;

/** An event ready to be sent. */
export type Item = {
	readonly line: number;
	/** The member of a batch, or the whole body if the event goes alone. */
	readonly body: string;
	/** The header lines of a request of its own. */
	readonly headers: string | undefined;
	/** The last version of the stream until then, -1 for none; undefined if it may be any. */
	readonly before?: number;
	/** True for the delete of the stream for ever. */
	readonly isDelete?: true;
};

/** The item that ends a stream for ever. */
export function deleteItem(line: number, before: number): Item {
	return { line, body: "", headers: "ES-HardDelete: True\r\n", before, isDelete: true };
}

/**
 * Reads one line.
 * @throws Failure that names the line
 */
export function parseLine(text: string, number: number): Line {
	const wrong = (reason: string) => lineFailure(number, reason);
	if (NOT_ASCII.test(text) && !isUtf8(Buffer.from(text, "latin1"))) throw wrong("it is not UTF-8");
	const members = membersOf(text, wrong);
	const stream = stringOf(members.stream, "stream", wrong);
	const fault = nameFault(stream, STREAM_NAME_BYTES_MAX);
	if (fault !== undefined) throw wrong(`stream is not valid: ${fault}`);
	if (stringOf(members.type, "type", wrong) === "") throw wrong("type is empty");
	return { number, stream, members };
}

/**
 * The request of a line.
 * @param id for a line without an id
 */
export function itemOf({ number, members }: Line, id: string): Item {
	const wrong = (reason: string) => lineFailure(number, reason);
	const { type = '""' } = members;
	if (members.dataBase64 !== undefined || members.metadataBase64 !== undefined)
		return encodedItem(number, members, id);
	const data = contentOf(members.data);
	const metadata = contentOf(members.metadata);
	if (metadata?.startsWith('"')) throw wrong("metadata is a string; make it an object");
	if (!data?.startsWith('"')) return member(number, id, type, data, metadata);
	if (metadata !== undefined) throw wrong("data that is a string cannot have metadata");
	return alone(number, id, type, "application/json", data);
}

/** All that two lines with one id must have in common, unless one of them is at fault. */
export function contentText({ members }: Line): string {
	const { type, data, metadata, dataBase64, metadataBase64 } = members;
	return [type, data, metadata, dataBase64, metadataBase64].join("\0");
}

/** The id in a line, if it has one. */
export function idOf({ number, members }: Line): string | undefined {
	if (members.id === undefined) return undefined;
	const wrong = (reason: string) => lineFailure(number, reason);
	const id = parseUuid(stringOf(members.id, "id", wrong));
	if (id === undefined) throw wrong("id is not a UUID; without an id, the import derives one");
	return id;
}

/**
 * Derives the id of a line without one: the same for the same line of the same source, so that the
 * import can be run again. A version 8 UUID (RFC 9562 section 5.8) from SHA-256.
 * @param ordinal of the line within its stream: so two otherwise equal events have two ids
 */
export function deriveId(source: string, ordinal: number, { stream, members }: Line): string {
	const { type, data, metadata, dataBase64, metadataBase64 } = members;
	const facts = [source, stream, ordinal, type, data, metadata, dataBase64, metadataBase64];
	const hex = hash("sha256", facts.join("\0"), "hex");
	// The variant is the two bits 10, hence 8, 9, a or b.
	const variant = "89ab".charAt(Number.parseInt(hex.charAt(16), 16) & 3);
	const [a, b, c] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(13, 16)];
	return `${a}-${b}-8${c}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function lineFailure(line: number, reason: string): Failure {
	return new Failure(`line ${line}: ${reason}`);
}

type Wrong = (reason: string) => Failure;

const EXAMPLE = '{"stream":"order-42","type":"OrderPlaced","data":{}}';
const NOT_ASCII = /[\x80-\xff]/;

function membersOf(text: string, wrong: Wrong): Members {
	try {
		JSON.parse(text);
	} catch {
		const fault = findJsonFault(text);
		const what = `it is not JSON: ${fault?.reason} (column ${(fault?.at ?? 0) + 1})`;
		throw wrong(`${what}; a line holds one event, such as ${EXAMPLE}`);
	}
	const start = skipSpace(text, 0);
	if (text[start] !== "{") throw wrong(`it is not an object, such as ${EXAMPLE}`);
	if (nestsTooDeep(text)) throw wrong(`it nests deeper than ${NESTING_MAX} levels`);
	const members: { [name in Name]?: string } = {};
	eachMember(text, start, (name, from) => {
		if (!isName(name)) throw wrong(unknownName(name));
		if (members[name] !== undefined) throw wrong(`${name} appears twice`);
		const end = skipValue(text, from);
		members[name] = text.slice(from, end);
		return end;
	});
	return members;
}

function isName(name: string): name is Name {
	return (NAMES as readonly string[]).includes(name);
}

function unknownName(name: string): string {
	const close = nearest(name, NAMES);
	const known =
		close === undefined ? `the members are ${NAMES.join(", ")}` : `did you mean ${close}?`;
	return `unknown member ${name}; ${known}`;
}

function stringOf(literal: string | undefined, name: Name, wrong: Wrong): string {
	if (literal === undefined) throw wrong(`${name} is missing; a line needs ${EXAMPLE}`);
	if (!literal.startsWith('"')) throw wrong(`${name} is not a string`);
	if (!literal.includes("\\") && !NOT_ASCII.test(literal)) return literal.slice(1, -1);
	return JSON.parse(Buffer.from(literal, "latin1").toString("utf8")) as string;
}

/** Many writers use `null` for "nothing". */
function contentOf(literal: string | undefined): string | undefined {
	return literal === "null" ? undefined : literal;
}

function member(
	line: number,
	id: string,
	type: string,
	data: string | undefined,
	metadata: string | undefined,
): Item {
	const dataPart = data === undefined ? "" : `,"data":${data}`;
	const metadataPart = metadata === undefined ? "" : `,"metadata":${metadata}`;
	const body = `{"eventId":"${id}","eventType":${type}${dataPart}${metadataPart}}`;
	return { line, body, headers: undefined };
}

function alone(line: number, id: string, type: string, mediaType: string, body: string): Item {
	const name = Buffer.from(JSON.parse(toUtf8(type)) as string).toString("latin1");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they would end the header
	if (/[\x00-\x1f\x7f]/.test(name)) throw lineFailure(line, "type holds a control character");
	const headers = `Content-Type: ${mediaType}\r\nES-EventId: ${id}\r\nES-EventType: ${name}\r\n`;
	return { line, body, headers };
}

/**
 * Bytes that a line of JSON cannot show. In a request of its own, the server stores the body as it
 * is. An event with metadata must go in a batch, as a string; the server stores the text of the
 * string, which is the same bytes.
 */
function encodedItem(line: number, members: Members, id: string): Item {
	const { type = '""' } = members;
	const data = decoded(members.data, members.dataBase64, line);
	const metadata = decoded(members.metadata, members.metadataBase64, line);
	const isJson = members.isJson === "true";
	if (metadata === "" && !isJson) return alone(line, id, type, "application/octet-stream", data);
	if (metadata === "") return alone(line, id, type, "application/json", data);
	return member(line, id, type, asString(data, line), asString(metadata, line));
}

function decoded(text: string | undefined, encoded: string | undefined, line: number): string {
	if (encoded === undefined) return contentOf(text) ?? "";
	if (text !== undefined) throw lineFailure(line, "it has both plain and Base64 content");
	if (!/^"[A-Za-z0-9+/]*={0,2}"$/.test(encoded) || (encoded.length - 2) % 4 !== 0)
		throw lineFailure(line, "this is not Base64");
	return Buffer.from(encoded.slice(1, -1), "base64").toString("latin1");
}

function asString(content: string, line: number): string | undefined {
	if (content === "") return undefined;
	if (!isUtf8(Buffer.from(content, "latin1")))
		throw lineFailure(line, "bytes that are not UTF-8 cannot have metadata");
	return Buffer.from(JSON.stringify(toUtf8(content)), "utf8").toString("latin1");
}

function toUtf8(latin1: string): string {
	return Buffer.from(latin1, "latin1").toString("utf8");
}
