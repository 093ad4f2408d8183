/** The events in the body of an append. */
import type { IncomingMessage } from "node:http";
import { BodyFormatError } from "../../../../feeds/errors.ts";
import { checkJson, decodeEventBatch } from "../../../../feeds/events/decode.ts";
import { decodeEventXml } from "../../../../feeds/events/xml.ts";
import type { OfferedEvent } from "../../../commands/append.ts";
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { describedStream } from "../../../retention/window.ts";
import { entryIn } from "./atom-entry.ts";
import { cloudEventsIn } from "./cloudevents.ts";
import { type BodyKind, isCloudEvent } from "./kind.ts";

/** The stream and the kind of the body; if the body is one event, also its id and type. */
export type AppendRequest = {
	readonly stream: StreamName;
	readonly kind: BodyKind;
	readonly id: string;
	readonly type: string;
};

const EMPTY = new Uint8Array(0);

/** @throws Refusal `malformed-body`, `malformed-json`, `missing-event-type` */
export function offeredEvents(
	req: IncomingMessage,
	body: Buffer,
	{ stream, kind, id, type }: AppendRequest,
): OfferedEvent[] {
	try {
		if (kind === "entry") return [entryIn(req, body, id, stream)];
		if (isCloudEvent(kind)) return cloudEventsIn(kind, req, body);
		if (kind === "batch" || kind === "atom-json") return decodeEventBatch(body);
		if (kind === "xml-batch" || kind === "atom") return decodeEventXml(body);
		// No body at all is how some clients say "no metadata" (departure 30).
		const isNothing = body.length === 0 && describedStream(stream) !== undefined;
		if (kind === "json" && !isNothing) checkJson(body);
	} catch (error) {
		throw error instanceof BodyFormatError ? refusalOf(error) : error;
	}
	const isJson = kind === "json";
	return [{ eventId: id, eventType: type, isJson, data: body, metadata: EMPTY }];
}

function refusalOf(error: BodyFormatError): Refusal {
	const { reason, line, column, byteOffset, index } = error;
	if (line === undefined || column === undefined || byteOffset === undefined) {
		return new Refusal("malformed-body", index === undefined ? { reason } : { reason, index });
	}
	return new Refusal("malformed-json", { reason, line, column, byteOffset });
}
