/**
 * The metadata of a stream: the events of its metadata stream, under the stream's own URL.
 */
import { EVENT_FORMATS, EVENT_TYPES } from "../../../../feeds/formats/event.ts";
import { describableStream } from "../../../commands/delete.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import { ALL } from "../../../event.ts";
import { metadataStream } from "../../../retention/window.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { metadataKind } from "../../request/bodies/kind.ts";
import { eventIdHeader, eventTypeHeader } from "../../request/headers.ts";
import { negotiateRepresentation } from "../../request/negotiation.ts";
import { appendTo } from "../append.ts";
import { answerEvent, type EventTarget } from "../event.ts";
import { answerPage } from "../pages/page.ts";
import type { PageTarget } from "../pages/request.ts";

const METADATA_TYPE = "$metadata";
/** The version of the metadata, by which a client knows that this "none" is the server's. */
const NONE_YET = ["Kurrent-CurrentVersion", "-1", "ES-CurrentVersion", "-1"];

/** GET /streams/{stream}/metadata, and of an older version /metadata/{n} */
export async function answerMetadata(exchange: Exchange, target: EventTarget): Promise<Answer> {
	const stream = describableStream(target.stream);
	try {
		return await answerEvent(exchange, {
			...target,
			stream: metadataStream(stream),
			resolves: false,
		});
	} catch (error) {
		if (target.at !== "head" || !isRefusal(error, "stream-not-found")) throw error;
		if (stream !== ALL && (await exchange.context.log.last(stream)) < 0) {
			throw new Refusal("stream-not-found", { stream });
		}
		return answerNone(exchange, target.query);
	}
}

/** GET of a page of the metadata stream */
export function answerMetadataPage(
	exchange: Exchange,
	target: PageTarget,
): Answer | Promise<Answer> {
	const stream = metadataStream(describableStream(target.stream));
	return answerPage(exchange, { ...target, stream, resolves: false });
}

/** POST /streams/{stream}/metadata */
export async function answerMetadataAppend(
	exchange: Exchange,
	target: { stream: string },
): Promise<Answer> {
	const { req } = exchange;
	const kind = metadataKind(req);
	const stream = metadataStream(describableStream(target.stream));
	const type = eventTypeHeader(req) ?? METADATA_TYPE;
	if (type !== METADATA_TYPE) {
		throw new Refusal("malformed-header", {
			header: "ES-EventType",
			value: type.slice(0, 128),
			reason: "You should not include an event type for metadata.",
		});
	}
	const id = eventIdHeader(req) ?? "";
	return appendTo(exchange, { stream, kind, id, type, isMetadata: true });
}

/** A stream without metadata: an empty document, which the next write replaces. */
function answerNone({ context, req }: Exchange, query: string): Answer {
	const { type } = negotiateRepresentation(req, query, EVENT_TYPES, context.settings.publicUrl);
	const body = Buffer.from(EVENT_FORMATS[type.format].nothing);
	return {
		status: 200,
		headers: [
			"Cache-Control",
			"no-cache",
			...NONE_YET,
			"Content-Type",
			type.contentType,
			"Content-Length",
			String(body.length),
		],
		body,
	};
}
