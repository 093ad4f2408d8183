/**
 * POST to a stream: the contract's checks in the contract's order, then one append.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { BodyFormatError } from "../../../feeds/errors.ts";
import { checkJson, decodeEventBatch } from "../../../feeds/events/decode.ts";
import { decodeEventXml } from "../../../feeds/events/xml.ts";
import { type OfferedEvent, prepareAppend } from "../../commands/append.ts";
import { Refusal } from "../../errors.ts";
import { parseStreamName, parseUuid } from "../../event.ts";
import type { Appended } from "../../log/log.ts";
import { type Answer, withText } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { appendUnder, expectationOf } from "../conditions/preconditions.ts";
import { baseOf } from "../request/base.ts";
import { entryIn, isAtomEntry } from "../request/bodies/atom-entry.ts";
import {
	type CloudEventKind,
	cloudEventsIn,
	isBinaryCloudEvent,
} from "../request/bodies/cloudevents.ts";
import { readBody } from "../request/body.ts";
import { checkRequireLeader, eventTypeHeader, header } from "../request/headers.ts";
import { eventUrl, incomingUrl } from "../urls.ts";
import { withCreatedEntry } from "./created-entry.ts";

/** How a body of some media type is to be read. */
export type BodyKind =
	| "batch"
	| "xml-batch"
	| "atom"
	| "atom-json"
	| "json"
	| "text"
	| "bytes"
	| "entry"
	| CloudEventKind;

const BODY_KINDS: ReadonlyMap<string, BodyKind> = new Map([
	["application/vnd.eventstore.events+json", "batch"],
	["application/vnd.kurrent.events+json", "batch"],
	["application/vnd.eventstore.event+json", "batch"],
	["application/vnd.kurrent.event+json", "batch"],
	["application/vnd.eventstore.events+xml", "xml-batch"],
	["application/vnd.eventstore.event+xml", "xml-batch"],
	["application/atom+xml", "atom"],
	["application/vnd.eventstore.atom+json", "atom-json"],
	["application/vnd.kurrent.atom+json", "atom-json"],
	["application/json", "json"],
	["text/xml", "text"],
	["application/xml", "text"],
	["application/octet-stream", "bytes"],
	["application/cloudevents+json", "cloudevent"],
	["application/cloudevents-batch+json", "cloudevents"],
]);
/**
 * Those whose events name their own ids and types. The atom types do as well, and what the headers
 * say is passed over; but the contract asks for the headers all the same.
 */
const SELF_NAMING: ReadonlySet<BodyKind> = new Set(["batch", "xml-batch", "entry"]);
/** What can be sent to a URL that holds the event's id. */
const AT_OWN_URL: ReadonlySet<BodyKind> = new Set(["atom", "atom-json", "json", "text"]);
const APPENDED = [...BODY_KINDS.keys()];
const APPENDED_ALONE = APPENDED.filter((name) => AT_OWN_URL.has(BODY_KINDS.get(name) as BodyKind));
const EMPTY = new Uint8Array(0);

/** POST /streams/{stream} */
export function answerAppend(
	exchange: Exchange,
	target: { stream: string },
): Promise<Answer> | Answer {
	const { req } = exchange;
	const kind = appendKind(req);
	const stream = parseStreamName(target.stream);
	const type = eventTypeHeader(req);
	const selfNaming = SELF_NAMING.has(kind) || isCloudEvent(kind);
	if (!selfNaming && type === undefined) throw new Refusal("missing-event-type", { stream });
	const id = eventIdHeader(req);
	if (!selfNaming && id === undefined) {
		return redirect(
			incomingUrl(baseOf(req, exchange.context.settings.publicUrl), stream, randomUUID()),
		);
	}
	return appendTo(exchange, { stream, kind, id: id ?? "", type: type ?? "" });
}

/**
 * Whether an append would be read at all, for answers that come before it.
 * @throws Refusal `unsupported-media-type`
 */
export function checkMediaType(req: IncomingMessage): void {
	appendKind(req);
}

/** @throws Refusal `unsupported-media-type` */
function appendKind(req: IncomingMessage): BodyKind {
	return kindByForm(req) ?? bodyKind(req, APPENDED);
}

/**
 * What metadata is sent as (contract 5.1). It is no event of a client's own, so the forms that name
 * such an event by themselves, CloudEvents and entries of AtomPub, are none of it.
 * @throws Refusal `unsupported-media-type`
 */
export function metadataKind(req: IncomingMessage): BodyKind {
	const names = [...BODY_KINDS].flatMap(([name, kind]) => (isCloudEvent(kind) ? [] : [name]));
	const own = kindByForm(req);
	if (own === undefined) return bodyKind(req, names);
	const form = own === "entry" ? "an entry of AtomPub" : "a CloudEvent, by its ce-… headers";
	const contentType = `${req.headers["content-type"] ?? ""}: ${form}`.slice(0, 256);
	throw new Refusal("unsupported-media-type", { contentType, available: names });
}

/** POST /streams/{stream}/incoming/{id} */
export function answerIncoming(
	exchange: Exchange,
	target: { stream: string; id: string },
): Promise<Answer> {
	const { req } = exchange;
	const kind = bodyKind(req, APPENDED_ALONE);
	const id = parseUuid(target.id);
	if (id === undefined) {
		const reason = "Invalid request. Unable to parse guid";
		throw new Refusal("malformed-url", { reason: `${reason} '${target.id.slice(0, 64)}'.` });
	}
	const type = eventTypeHeader(req) ?? "";
	return appendTo(exchange, { stream: parseStreamName(target.stream), kind, id, type });
}

/** What the body is, and of a body that is one event its id and type. */
export type Appending = {
	readonly stream: string;
	readonly kind: BodyKind;
	readonly id: string;
	readonly type: string;
};

/** Reads the body and appends what is in it. */
export async function appendTo(exchange: Exchange, appending: Appending): Promise<Answer> {
	const { context, req } = exchange;
	const { stream, kind } = appending;
	const expectation = expectationOf(req);
	checkRequireLeader(req);
	const base = baseOf(req, context.settings.publicUrl);

	const body = await readBody(req, context.settings.bodyBytesMax);
	const offered = offeredEvents(req, body, appending);
	const request = prepareAppend(stream, "any", offered, context.settings);
	const appended = await appendUnder(context.log, request.stream, expectation, (expected) =>
		context.log.append({ ...request, expected }),
	);
	const answer = created(eventUrl(base, request.stream, appended.first), appended);
	if (kind !== "entry") return answer;
	const member = { base, stream: request.stream, version: appended.first };
	return withCreatedEntry(exchange, answer, member);
}

function offeredEvents(
	req: IncomingMessage,
	body: Buffer,
	{ stream, kind, id, type }: Appending,
): OfferedEvent[] {
	try {
		if (kind === "entry") return [entryIn(req, body, id, stream)];
		if (isCloudEvent(kind)) return cloudEventsIn(kind, req, body);
		if (kind === "batch" || kind === "atom-json") return decodeEventBatch(body);
		if (kind === "xml-batch" || kind === "atom") return decodeEventXml(body);
		if (kind === "json") checkJson(body);
	} catch (error) {
		throw error instanceof BodyFormatError ? refusalOf(error) : error;
	}
	const isJson = kind === "json";
	return [{ eventId: id, eventType: type, isJson, data: body, metadata: EMPTY }];
}

/** Bodies that are told by more than the name of their media type. */
function kindByForm(req: IncomingMessage): BodyKind | undefined {
	const coding = req.headers["content-encoding"] ?? "identity";
	if (coding !== "identity") return undefined;
	if (isAtomEntry(req)) return "entry";
	return isBinaryCloudEvent(req) ? "cloudevent-binary" : undefined;
}

function isCloudEvent(kind: BodyKind): kind is CloudEventKind {
	return kind.startsWith("cloudevent");
}

function refusalOf(error: BodyFormatError): Refusal {
	const { reason, line, column, byteOffset, index } = error;
	if (line === undefined || column === undefined || byteOffset === undefined) {
		return new Refusal("malformed-body", index === undefined ? { reason } : { reason, index });
	}
	return new Refusal("malformed-json", { reason, line, column, byteOffset });
}

/** The contract's names for what was written, and ours for what had been before. */
function created(location: string, { position, repeated }: Appended): Answer {
	const at = String(position);
	return {
		status: 201,
		headers: [
			"Location",
			location,
			"ES-Position",
			at,
			"Kurrent-Position",
			at,
			...(repeated ? ["Varve-Repeated", "true"] : []),
			"Content-Type",
			"text/plain; charset=utf-8",
			"Content-Length",
			"0",
		],
	};
}

/**
 * Without an id a repeat could not be told from a new event: the client is sent to a URL that has
 * one.
 */
function redirect(location: string): Answer {
	return withText(307, "text/plain; charset=utf-8", "Forwarding to idempotent URI", [
		"Location",
		location,
	]);
}

export function eventIdHeader(req: IncomingMessage): string | undefined {
	const text = header(req, "eventid");
	if (text === undefined) return undefined;
	const id = parseUuid(text);
	if (id !== undefined) return id;
	const value = text.slice(0, 128);
	throw new Refusal("malformed-header", {
		header: "ES-EventId",
		value,
		reason: "It takes a UUID.",
	});
}

/**
 * @throws Refusal `unsupported-media-type`; also for a charset that is not UTF-8, and for a body
 * that is compressed. `malformed-header` for what is no media type.
 */
function bodyKind(req: IncomingMessage, available: readonly string[]): BodyKind {
	const contentType = req.headers["content-type"] ?? "";
	const [name = "", ...parameters] = contentType.toLowerCase().split(";");
	const kind = available.includes(name.trim()) ? BODY_KINDS.get(name.trim()) : undefined;
	const coding = req.headers["content-encoding"] ?? "identity";
	const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith("charset="));
	const isPlain = coding === "identity" && /^(charset="?utf-?8"?)?$/.test(charset ?? "");
	if (kind !== undefined && isPlain) return kind;
	// Not a media type at all, which is another mistake than one nobody reads here.
	if (/^[^/;\s][^/]*$/.test(contentType)) {
		const value = contentType.slice(0, 128);
		const reason = "It takes a media type, such as application/json.";
		throw new Refusal("malformed-header", { header: "Content-Type", value, reason });
	}
	const sent = coding === "identity" ? contentType : `${contentType}, Content-Encoding: ${coding}`;
	throw new Refusal("unsupported-media-type", { contentType: sent.slice(0, 256), available });
}
