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

import { eachMember, skipSpace, skipValue } from "../../feeds/json/text.ts";
import { nameFault, STREAM_NAME_BYTES_MAX, type StreamName } from "../event.ts";
import { LINK_TYPE } from "./links.ts";

/** The fields that decide; a `RecordedEvent` has them. */
export type JoiningEvent = {
	readonly stream: string;
	readonly version: number;
	readonly type: string;
	readonly metadata: Uint8Array;
};

/** An index that an event does not join, though its client may think so. */
export type JoinFault = { readonly name: string; readonly reason: string };

/** Metadata is a handful of fields; parsing megabytes of it would hold up every other append. */
export const CORRELATED_METADATA_BYTES_MAX = 64 * 1024;

/** The list of all streams of clients. */
export const STREAMS = "$streams" as StreamName;
const CORRELATION_ID = "$correlationId";
const OPENING_BRACE = 0x7b;
const BACKSLASH = 0x5c;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The index streams `event` joins, each once: category, type, correlation, `$streams`. */
export function streamsJoined(event: JoiningEvent): StreamName[] {
	const joined: StreamName[] = [];
	const category = categoryOf(event.stream);
	if (category !== undefined) join(joined, `$ce-${category}`);
	// A link is a place in another stream and no event of its own type.
	if (event.type !== LINK_TYPE) join(joined, `$et-${event.type}`);
	const { id } = correlationOf(event.metadata);
	if (id !== undefined) join(joined, `$bc-${id}`);
	if (event.version === 0 && !event.stream.startsWith("$")) joined.push(STREAMS);
	return joined;
}

/** Why an event joins no category or no correlation, if its stream or its metadata names one. */
export function joinFaults(event: Pick<JoiningEvent, "stream" | "metadata">): JoinFault[] {
	const faults: JoinFault[] = [];
	const category = categoryOf(event.stream);
	// Only a name of which the category is nearly all is too long with `$ce-` before it.
	const categoryFault = category && nameFault(`$ce-${category}`, STREAM_NAME_BYTES_MAX);
	if (categoryFault)
		faults.push({ name: "$ce-", reason: `as the name of a stream, ${categoryFault}` });
	const { id, fault } = correlationOf(event.metadata);
	const idFault = id === undefined ? undefined : nameFault(`$bc-${id}`, STREAM_NAME_BYTES_MAX);
	const reason = idFault === undefined ? fault : `as the name of a stream, ${idFault}`;
	const unread = reason ?? escapedFault(event.metadata);
	if (unread !== undefined) faults.push({ name: CORRELATION_ID, reason: unread });
	else if (id !== undefined && isRepeated(event.metadata))
		faults.push({
			name: CORRELATION_ID,
			reason: "it is there more than once; the last one counts",
		});
	return faults;
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
 * Whether clients may delete `stream`: not `$all`, nor the metadata of another. The next event that
 * joins an index stream goes on with it, so it cannot be deleted for ever.
 */
export function isDeletable(stream: string, forEver: boolean): boolean {
	if (stream === "$all" || stream.startsWith("$$")) return false;
	return !(forEver && isIndexStream(stream));
}

/** The part of the name before its first dash; undefined for a stream of no category. */
export function categoryOf(stream: string): string | undefined {
	const dash = stream.indexOf("-");
	return dash > 0 && !stream.startsWith("$") ? stream.slice(0, dash) : undefined;
}

function join(joined: StreamName[], name: string): void {
	if (nameFault(name, STREAM_NAME_BYTES_MAX) === undefined) joined.push(name as StreamName);
}

/** What metadata says of a correlation: its id, or why it has none; nothing if it says nothing. */
type Correlation = { readonly id?: string; readonly fault?: string };

const NO_CORRELATION: Correlation = {};

/**
 * `$correlationId` of a JSON object, if it is text. The bytes are searched before they are parsed.
 */
function correlationOf(metadata: Uint8Array): Correlation {
	// `{"$correlationId":1}`
	if (metadata.length < 20) return NO_CORRELATION;
	const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
	const searched = bytes.subarray(0, CORRELATED_METADATA_BYTES_MAX);
	if (!searched.includes(CORRELATION_ID)) return NO_CORRELATION;
	if (searched.length < bytes.length) {
		return { fault: `the metadata is longer than ${CORRELATED_METADATA_BYTES_MAX} bytes` };
	}
	const parsed = parse(bytes);
	// The client's bytes need not be JSON; then they correlate with nothing.
	if (parsed === undefined && bytes[0] === OPENING_BRACE)
		return { fault: "the metadata is not JSON" };
	if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return NO_CORRELATION;
	if (!Object.hasOwn(parsed, CORRELATION_ID)) return NO_CORRELATION;
	const id: unknown = (parsed as Record<string, unknown>)[CORRELATION_ID];
	if (id === null) return NO_CORRELATION;
	if (typeof id !== "string") return { fault: "it is not text" };
	return id === "" ? { fault: "it is empty" } : { id };
}

/**
 * The name of the member is searched for as it is, and logs are written so for ever. So a name with
 * an escape, such as `"\u0024correlationId"`, joins nothing, and that is said.
 */
function escapedFault(metadata: Uint8Array): string | undefined {
	if (metadata.length > CORRELATED_METADATA_BYTES_MAX || !metadata.includes(BACKSLASH)) return;
	const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
	if (bytes[0] !== OPENING_BRACE || bytes.includes(CORRELATION_ID)) return;
	const parsed = parse(bytes);
	if (typeof parsed !== "object" || parsed === null) return;
	if (!Object.hasOwn(parsed, CORRELATION_ID)) return;
	return `its name is written with an escape; write it as ${CORRELATION_ID}`;
}

/** Whether an object that has a correlation has several. */
function isRepeated(metadata: Uint8Array): boolean {
	const bytes = Buffer.from(metadata.buffer, metadata.byteOffset, metadata.byteLength);
	const isNamedOnce = bytes.indexOf(CORRELATION_ID) === bytes.lastIndexOf(CORRELATION_ID);
	if (isNamedOnce && !bytes.includes(BACKSLASH)) return false;
	const text = bytes.toString("latin1");
	let count = 0;
	eachMember(text, skipSpace(text, 0), (name, start) => {
		if (name === CORRELATION_ID) count++;
		return skipValue(text, start, Number.POSITIVE_INFINITY);
	});
	return count > 1;
}

function parse(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(utf8.decode(bytes));
	} catch {
		return undefined;
	}
}
