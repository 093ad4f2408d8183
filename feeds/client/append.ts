/**
 * Appends events to a stream: all of them or none.
 *
 * Every event has an id before the first attempt, so a repeat is safe: after a lost answer, the
 * server answers the repeat as it answered the first.
 */

import { encodeEventBatch } from "../events/encode.ts";
import type { Answer } from "../exchange/exchange.ts";
import { send } from "../writing/send.ts";
import {
	expectedHeader,
	type StreamAddress,
	streamUrl,
	type WriteOptions,
	writeSettingsOf,
} from "./options.ts";

export type NewEvent = {
	/** A UUID. Default: a random one. With an id of your own, you can repeat the append later. */
	readonly id?: string;
	readonly type: string;
	/** A value to be written as JSON, or bytes, which the server stores as they are. */
	readonly data?: unknown;
	/** As `data`. */
	readonly metadata?: unknown;
	/** For bytes: false says that they are not JSON. */
	readonly isJson?: boolean;
};

/** Where the events stand. */
export type Appended = {
	/** The first one's version. */
	readonly version: number;
	readonly lastVersion: number;
	/** The last one's position in the log; a read with `ES-MinPosition` waits for it. */
	readonly position: number | undefined;
	readonly ids: readonly string[];
	/** The first one's URL. */
	readonly location: string;
	/** The stream had the events already. */
	readonly repeated: boolean;
	/** What of the events has no effect, such as malformed rules of metadata: `Varve-Ignored`. */
	readonly ignored?: string;
};

/** Bytes alone need no batch, which cannot carry all bytes. */
export function append(
	address: StreamAddress,
	event: NewEvent,
	options: WriteOptions = {},
): Promise<Appended> {
	const isAlone = event.data instanceof Uint8Array && event.metadata === undefined;
	return isAlone ? appendAlone(address, event, options) : appendEvents(address, [event], options);
}

/**
 * @throws RangeError, TypeError, BodyFormatError at once, for what cannot be sent
 * @throws WriteError
 */
export async function appendEvents(
	address: StreamAddress,
	events: readonly NewEvent[],
	options: WriteOptions = {},
): Promise<Appended> {
	if (events.length === 0) throw new RangeError("events: there are none");
	const ids = events.map(({ id }) => id ?? crypto.randomUUID());
	const body = encodeEventBatch(
		events.map((event, index) => {
			return { ...event, eventId: ids[index] as string, eventType: event.type };
		}),
	);
	const headers = { "content-type": "application/vnd.eventstore.events+json" };
	return post(address, body, { ...headers, ...expectedHeader(options.expected) }, ids);
}

async function appendAlone(
	address: StreamAddress,
	{ id = crypto.randomUUID(), type, data, isJson = true }: NewEvent,
	{ expected }: WriteOptions,
): Promise<Appended> {
	const headers = {
		"content-type": isJson ? "application/json" : "application/octet-stream",
		"es-eventtype": headerText(type),
		"es-eventid": id,
		...expectedHeader(expected),
	};
	return post(address, data as Uint8Array<ArrayBuffer>, headers, [id]);
}

async function post(
	address: StreamAddress,
	body: string | Uint8Array<ArrayBuffer>,
	headers: Readonly<Record<string, string>>,
	ids: readonly string[],
): Promise<Appended> {
	const settings = writeSettingsOf(address);
	const url = streamUrl(settings);
	const attempt = { method: "POST", url, headers, body, ids, isDone: isCreated } as const;
	const { answer } = await send(attempt, settings, address.signal);
	const location = answer.headers.get("location") ?? "";
	const version = versionIn(location);
	const position = answer.headers.get("es-position");
	const ignored = answer.headers.get("varve-ignored");
	return {
		version,
		lastVersion: version + ids.length - 1,
		position: position === null ? undefined : Number(position),
		ids,
		location,
		repeated: answer.headers.get("varve-repeated") === "true",
		...(ignored === null ? {} : { ignored }),
	};
}

/**
 * Every append is answered with the URL of its first event, which ends in the version, and with a
 * position of the log.
 */
export function isCreated({ status, headers }: Answer): boolean {
	const isPlace = /\/\d+$/.test(headers.get("location") ?? "");
	return status === 201 && isPlace && headers.get("es-position") !== null;
}

export function versionIn(location: string): number {
	return Number(location.slice(location.lastIndexOf("/") + 1));
}

/** Text as a header carries it: its UTF-8 bytes, one character for each. */
export function headerText(text: string): string {
	return String.fromCharCode(...new TextEncoder().encode(text));
}
