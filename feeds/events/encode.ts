/** Encodes batches of events as clients send them; `decodeEventBatch` decodes them. */
import { BodyFormatError } from "../errors.ts";
import { quote, textOf } from "../json/string.ts";
import { isJsonText } from "../json/text.ts";

export type OutgoingEvent = {
	readonly eventId: string;
	readonly eventType: string;
	/** Bytes, taken as they are, or a value to be written as JSON; a string is text, not JSON. */
	readonly data?: unknown;
	readonly metadata?: unknown;
	/** For bytes: false says that neither data nor metadata is JSON, even if it looks like JSON. */
	readonly isJson?: boolean;
};

/**
 * Writes `application/vnd.eventstore.events+json`. JSON bytes are copied verbatim, so the server
 * stores them byte for byte.
 * @throws BodyFormatError with the event's index for bytes that a batch cannot carry unchanged:
 * bytes that are not UTF-8, and JSON documents that are a string or null. Send those one by one.
 */
export function encodeEventBatch(events: readonly OutgoingEvent[]): string {
	let out = "[";
	events.forEach((event, index) => {
		const isJson = event.isJson ?? true;
		const data = literal(event.data, isJson, index);
		const metadata = literal(event.metadata, isJson, index);
		out +=
			`${index === 0 ? "" : ","}{"eventId":${quote(event.eventId)}` +
			`,"eventType":${quote(event.eventType)}` +
			`${data === "" ? "" : `,"data":${data}`}` +
			`${metadata === "" ? "" : `,"metadata":${metadata}`}}`;
	});
	return `${out}]`;
}

/** As `isUtf8` of Node, which browsers do not have. */
function isUtf8(bytes: Uint8Array): boolean {
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(bytes);
		return true;
	} catch {
		return false;
	}
}

/** The value as JSON; "" for none. */
function literal(value: unknown, isJson: boolean, index: number): string {
	if (!(value instanceof Uint8Array)) return JSON.stringify(value) ?? "";
	if (value.length === 0) return "";
	if (!isUtf8(value)) {
		throw new BodyFormatError({ reason: "its bytes are not UTF-8; send it by itself", index });
	}
	const text = textOf(value);
	if (!isJson || !isJsonText(text)) return JSON.stringify(text);
	if (/^\s*["n]/.test(text)) {
		const reason = "it is a JSON string or null, which a batch would alter; send it by itself";
		throw new BodyFormatError({ reason, index });
	}
	return text;
}
