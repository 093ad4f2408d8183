/** The events in the body of an append. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
	decodeBinaryCloudEvent,
	decodeCloudEvent,
	decodeCloudEventBatch,
} from "../../../../feeds/cloudevents/decode.ts";
import { BodyFormatError } from "../../../../feeds/errors.ts";
import { checkJson, decodeEventBatch } from "../../../../feeds/events/decode.ts";
import { decodeEventXml } from "../../../../feeds/events/xml.ts";
import type { OfferedEvent } from "../../../commands/append.ts";
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { describedStream } from "../../../retention/window.ts";
import { entryIn } from "./atom-entry.ts";
import { offeredCloudEvent } from "./cloudevents.ts";
import { type BodyKind, namesItsEvents } from "./kind.ts";

/** The stream and the kind of the body; if the body is one event, also its id and type. */
export type AppendRequest = {
	readonly stream: StreamName;
	readonly kind: BodyKind;
	readonly id: string;
	readonly type: string;
	/** Whether the URL says that the body is the metadata of a stream. */
	readonly isMetadata?: boolean;
};

type ReadEvents = (body: Buffer, request: AppendRequest, req: IncomingMessage) => OfferedEvent[];

const EMPTY = new Uint8Array(0);

const READERS: Readonly<Record<BodyKind, ReadEvents>> = {
	batch: decodeEventBatch,
	"atom-json": decodeEventBatch,
	"xml-batch": decodeEventXml,
	atom: decodeEventXml,
	json: jsonEvent,
	text: plainEvent,
	bytes: plainEvent,
	entry: (body, { id, stream }, req) => [entryIn(req, body, id, stream)],
	cloudevent: (body) => [offeredCloudEvent(decodeCloudEvent(body))],
	cloudevents: (body) => decodeCloudEventBatch(body).map(offeredCloudEvent),
	"cloudevent-binary": (body, _request, { headers }) => [
		offeredCloudEvent(decodeBinaryCloudEvent(headers, body)),
	],
};

/** @throws Refusal `malformed-body`, `malformed-json`, `missing-event-type` */
export function offeredEvents(
	req: IncomingMessage,
	body: Buffer,
	request: AppendRequest,
): OfferedEvent[] {
	if (body.length === 0 && request.isMetadata) return [noMetadata(request)];
	try {
		return READERS[request.kind](body, request, req);
	} catch (error) {
		throw error instanceof BodyFormatError ? refusalOf(error) : error;
	}
}

/**
 * No body at all is how some clients say "no metadata", of whatever type they send it (departure
 * 30). A client that sends batches names no id in a header, as each event of a batch has its own.
 */
function noMetadata({ kind, id, type }: AppendRequest): OfferedEvent {
	const eventId = id === "" && namesItsEvents(kind) ? randomUUID() : id;
	return { eventId, eventType: type, isJson: true, data: EMPTY, metadata: EMPTY };
}

/** One event, whose data is the body. */
function jsonEvent(body: Buffer, { stream, id, type }: AppendRequest): OfferedEvent[] {
	// The same event as under the URL of the metadata.
	const isNothing = body.length === 0 && describedStream(stream) !== undefined;
	if (!isNothing) checkJson(body);
	return [{ eventId: id, eventType: type, isJson: true, data: body, metadata: EMPTY }];
}

function plainEvent(body: Buffer, { id, type }: AppendRequest): OfferedEvent[] {
	return [{ eventId: id, eventType: type, isJson: false, data: body, metadata: EMPTY }];
}

/** The refusal for a body that is not written as it says. */
export function refusalOf(error: BodyFormatError): Refusal {
	const { reason, line, column, byteOffset, index } = error;
	if (line === undefined || column === undefined || byteOffset === undefined) {
		return new Refusal("malformed-body", index === undefined ? { reason } : { reason, index });
	}
	return new Refusal("malformed-json", { reason, line, column, byteOffset });
}
