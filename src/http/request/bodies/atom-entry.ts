/**
 * An Atom entry of a request, as an event to append.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { decodePostedEntry } from "../../../../feeds/atompub/entry.ts";
import type { OfferedEvent } from "../../../commands/append.ts";
import { Refusal } from "../../../errors.ts";
import { eventTypeHeader } from "../headers.ts";

const ENTRY = /^\s*application\/atom\+xml\s*;(?:.*;)?\s*type="?entry"?\s*(?:;|$)/i;

/** Whether the body says that it is an entry (RFC 5023 section 12.1), and not a list of events. */
export function isAtomEntry({ headers }: IncomingMessage): boolean {
	const contentType = headers["content-type"] ?? "";
	const charset = /;\s*charset="?([^";\s]*)/i.exec(contentType)?.[1] ?? "utf-8";
	return ENTRY.test(contentType) && /^utf-8$/i.test(charset);
}

/**
 * `ES-EventType` and `ES-EventId` win over what the entry says. An entry without an id of ours gets
 * a new one each time, as AtomPub has it: many clients send the same placeholder in every entry.
 * @param id "" if the request has none
 * @throws BodyFormatError; Refusal `missing-event-type`
 */
export function entryIn(
	req: IncomingMessage,
	body: Buffer,
	id: string,
	stream: string,
): OfferedEvent {
	const { uuid, type, isJson, data, metadata } = decodePostedEntry(body);
	const eventType = eventTypeHeader(req) ?? type;
	if (eventType === "") throw new Refusal("missing-event-type", { stream, form: "entry" });
	const eventId = id !== "" ? id : (uuid ?? randomUUID());
	return { eventId, eventType, isJson, data, metadata };
}
