/**
 * The values of the log, each with the one function that parses it.
 *
 * `Version` and `Position` are both whole numbers from 0. To confuse them is the classic mistake of
 * an event store, so the two types are not assignable to each other. Arithmetic still works as with
 * numbers.
 */
import { Refusal } from "./errors.ts";

declare const brand: unique symbol;

/** The name of a stream: 1 to 1,024 bytes of UTF-8, no control characters. */
export type StreamName = string & { readonly [brand]: "StreamName" };
/** The number of an event within one stream: 0, 1, 2 … without gaps. */
export type Version = number & { readonly [brand]?: "Version" };
/** The number of an event within the whole log, in commit order: 0, 1, 2 … without gaps. */
export type Position = number & { readonly [brand]?: "Position" };

/**
 * An event as a client sends it. `data` and `metadata` are the client's bytes, never altered.
 */
export type NewEvent = {
	/** A UUID in lower case with dashes, not all zero. */
	readonly id: string;
	readonly type: string;
	/** Whether data (or, if data is empty, metadata) is a JSON document. */
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/** An event in the log: what the client sent, and where and when it was committed. */
export type RecordedEvent = NewEvent & {
	readonly position: Position;
	readonly stream: StreamName;
	readonly version: Version;
	/** Milliseconds since 1970, UTC; never smaller than `created` of the event before. */
	readonly created: number;
	/** Present if its data, and possibly its metadata, was erased, or is hidden and left out. */
	readonly isRedacted?: true;
};

/**
 * The state that a client expects of a stream when it appends: any, absent, present, or a last
 * version.
 */
export type ExpectedVersion = "any" | "no-stream" | "stream-exists" | Version;

/** The stream of all events: its versions are the positions. */
export const ALL = "$all" as StreamName;
/** What was changed by whom: written by the server alone. */
export const AUDIT = "$audit" as StreamName;

/**
 * Long enough for any path or URN, short enough for every proxy's URL limit once percent-encoded.
 */
export const STREAM_NAME_BYTES_MAX = 1024;
/** A type is a word or a dotted path; the same bound keeps `$et-` stream names within theirs. */
export const EVENT_TYPE_BYTES_MAX = 1024 - "$et-".length;

const PATH_STEPS: ReadonlySet<string> = new Set([".", ".."]);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;
const NIL_UUID = "00000000-0000-0000-0000-000000000000";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Parses a stream name.
 * @throws Refusal `invalid-stream-name`
 */
export function parseStreamName(text: string): StreamName {
	const fault = PATH_STEPS.has(text)
		? "every URL library takes it for a step in the path, even if it is percent-encoded"
		: nameFault(text, STREAM_NAME_BYTES_MAX);
	if (fault)
		throw new Refusal("invalid-stream-name", { stream: text.slice(0, 128), reason: fault });
	return text as StreamName;
}

/**
 * Says why `text` cannot name a stream or an event type; returns undefined if it can.
 * Control characters are refused because no XML document can carry them; a lone surrogate because
 * UTF-8 cannot.
 */
export function nameFault(text: string, bytesMax: number): string | undefined {
	if (text === "") return "it is empty";
	if (!text.isWellFormed()) return "it holds half a surrogate pair, which UTF-8 cannot write";
	if (CONTROL.test(text)) return "it holds a control character";
	if (text.includes("\ufffe") || text.includes("\uffff")) return "it holds U+FFFE or U+FFFF";
	const bytes = text.length * 3 > bytesMax ? Buffer.byteLength(text) : text.length;
	if (bytes > bytesMax) return `it is ${bytes} bytes long; the limit is ${bytesMax}`;
	return undefined;
}

/**
 * Whether a name looks like one that starts with $ and lost it: in a shell, $ce-order is -order if
 * nothing quotes it.
 */
export function lacksDollar(name: string): boolean {
	return LACKS_DOLLAR.test(name);
}

const LACKS_DOLLAR = /^(?:-|\\\$|(?:ce|et|bc)-|all$|streams$)/;

/**
 * Reads a UUID in any notation the field uses: dashed, 32 digits, in braces or parentheses, any
 * case.
 * @returns the UUID in lower case with dashes; undefined if `text` is not a UUID, or is all zero
 */
export function parseUuid(text: string): string | undefined {
	if (UUID.test(text)) return text === NIL_UUID ? undefined : text;
	const bare = /^(?:\{(.*)\}|\((.*)\)|(.*))$/.exec(text.trim().toLowerCase());
	const plain = bare?.[1] ?? bare?.[2] ?? bare?.[3] ?? "";
	const id = DIGITS.test(plain) ? plain.replace(DIGITS, "$1-$2-$3-$4-$5") : plain;
	return UUID.test(id) && id !== NIL_UUID ? id : undefined;
}

/** @param bytes the 16 bytes of a UUID */
export function uuidOf(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex").replace(DIGITS, "$1-$2-$3-$4-$5");
}
