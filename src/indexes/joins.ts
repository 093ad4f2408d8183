/**
 * Which index streams an event joins besides its own: a pure function, run in the append's
 * transaction and again by `verify`, so it must answer the same for ever.
 *
 *     $ce-order        category: the part of the stream's name before its first dash
 *     $et-OrderPlaced  event type
 *     $bc-9f2c         correlation: `$correlationId` of the metadata
 *     $streams         the first event of every stream
 *
 * Contract 6.2. If a name is malformed or too long, the event does not join that index: an index
 * never keeps an event from being appended.
 */

import { nameFault, STREAM_NAME_BYTES_MAX, type StreamName } from "../event.ts";
import { LINK_TYPE } from "./links.ts";

/** The fields that decide; a `RecordedEvent` has them. */
export type JoiningEvent = {
	readonly stream: string;
	readonly version: number;
	readonly type: string;
	readonly metadata: Uint8Array;
};

/** Metadata is a handful of fields; parsing megabytes of it would hold up every other append. */
export const CORRELATED_METADATA_BYTES_MAX = 64 * 1024;

const STREAMS = "$streams" as StreamName;
const CORRELATION_ID = "$correlationId";
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The index streams `event` joins, each once: category, type, correlation, `$streams`. */
export function streamsJoined(event: JoiningEvent): StreamName[] {
	const joined: StreamName[] = [];
	const isSystem = event.stream.startsWith("$");
	const dash = event.stream.indexOf("-");
	if (dash > 0 && !isSystem) join(joined, `$ce-${event.stream.slice(0, dash)}`);
	// A link is a place in another stream and no event of its own type.
	if (event.type !== LINK_TYPE) join(joined, `$et-${event.type}`);
	const correlation = correlationId(event.metadata);
	if (correlation !== undefined) join(joined, `$bc-${correlation}`);
	if (event.version === 0 && !isSystem) joined.push(STREAMS);
	return joined;
}

/** Whether `stream` is written by the log alone, its name being one `streamsJoined` gives. */
export function isIndexStream(stream: string): boolean {
	return stream.startsWith("$") && (stream === STREAMS || /^\$(?:ce|et|bc)-/.test(stream));
}

/** Whether clients may append to `stream`: to anything but `$all` and the index streams. */
export function isWritable(stream: string): boolean {
	return !isIndexStream(stream) && stream !== "$all";
}

/**
 * Whether clients may delete `stream`: one they may append to, but not the metadata of another.
 */
export function isDeletable(stream: string): boolean {
	return isWritable(stream) && !stream.startsWith("$$");
}

function join(joined: StreamName[], name: string): void {
	if (nameFault(name, STREAM_NAME_BYTES_MAX) === undefined) joined.push(name as StreamName);
}

/**
 * `$correlationId` of a JSON object, if it is text. The bytes are searched before they are parsed.
 */
function correlationId(metadata: Uint8Array): string | undefined {
	// `{"$correlationId":"x"}`
	if (metadata.length < 22 || metadata.length > CORRELATED_METADATA_BYTES_MAX) return undefined;
	const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
	if (!bytes.includes(CORRELATION_ID)) return undefined;
	const parsed = parse(bytes);
	if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
	const id = Object.hasOwn(parsed, CORRELATION_ID)
		? (parsed as Record<string, unknown>)[CORRELATION_ID]
		: undefined;
	return typeof id === "string" && id !== "" ? id : undefined;
}

function parse(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(utf8.decode(bytes));
	} catch {
		// The client's bytes need not be JSON; then they correlate with nothing.
		return undefined;
	}
}
