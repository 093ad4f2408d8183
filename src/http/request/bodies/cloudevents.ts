/**
 * CloudEvents of a request, as events to append.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { DecodedCloudEvent } from "../../../../feeds/cloudevents/decode.ts";
import type { OfferedEvent } from "../../../commands/append.ts";
import { parseUuid } from "../../../event.ts";

export type CloudEventKind = "cloudevent" | "cloudevents" | "cloudevent-binary";

/** Only Varve uses it, so no derived id equals an id from elsewhere. */
const NAMESPACE = Buffer.from("b5b1a2f4c0d54d6fae3c6a0d8f1e7b29", "hex");

/** Binary mode: the attributes are headers, and the body is of the data's own type. */
export function isBinaryCloudEvent({ headers }: IncomingMessage): boolean {
	const contentType = headers["content-type"] ?? "";
	return headers["ce-specversion"] !== undefined && !/^application\/cloudevents/i.test(contentType);
}

/** A CloudEvent as an event to append. */
export function offeredCloudEvent({
	id,
	source,
	type,
	isJson,
	data,
	metadata,
}: DecodedCloudEvent): OfferedEvent {
	const eventId = parseUuid(id) ?? derivedId(source, id);
	return { eventId, eventType: type, isJson, data, metadata };
}

/**
 * The id of an event whose own is no UUID: source and id together name a CloudEvent (section
 * 3.1.1), so the same event always gets the same one, and a repeat is known as such (RFC 9562
 * section 5.5: version 5, from a name).
 */
function derivedId(source: string, id: string): string {
	const name = JSON.stringify([source, id]);
	const hash = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
	hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
	hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
	const hex = hash.toString("hex");
	const [a, b, c] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)];
	return `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
