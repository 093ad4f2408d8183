/**
 * POST to a stream: the contract's checks in the contract's order, then one append.
 */
import { randomUUID } from "node:crypto";
import { appendNew, prepareAppend } from "../../commands/append.ts";
import { type Ignored, ignoredOf } from "../../commands/ignored.ts";
import { Refusal } from "../../errors.ts";
import { parseStreamName, parseUuid } from "../../event.ts";
import type { Appended } from "../../log/log.ts";
import { describedStream } from "../../retention/window.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { appendUnder, expectationOf } from "../conditions/preconditions.ts";
import { baseOf } from "../request/base.ts";
import { type AppendRequest, offeredEvents } from "../request/bodies/events.ts";
import { appendKind, incomingKind, isCloudEvent, namesItsEvents } from "../request/bodies/kind.ts";
import { readBody } from "../request/body.ts";
import { checkRequireLeader, eventIdHeader, eventTypeHeader } from "../request/headers.ts";
import { eventUrl, incomingUrl } from "../urls.ts";
import { withCreatedEntry } from "./created-entry.ts";

/** POST /streams/{stream} */
export function answerAppend(
	exchange: Exchange,
	target: { stream: string },
): Promise<Answer> | Answer {
	const { req } = exchange;
	const kind = appendKind(req);
	const stream = parseStreamName(target.stream);
	const type = eventTypeHeader(req);
	const selfNaming = namesItsEvents(kind);
	if (!selfNaming && type === undefined) throw new Refusal("missing-event-type", { stream });
	const id = eventIdHeader(req);
	if (!selfNaming && id === undefined) {
		return redirect(
			incomingUrl(baseOf(req, exchange.context.settings.publicUrl), stream, randomUUID()),
		);
	}
	return appendTo(exchange, { stream, kind, id: id ?? "", type: type ?? "" });
}

/** POST /streams/{stream}/incoming/{id} */
export function answerIncoming(
	exchange: Exchange,
	target: { stream: string; id: string },
): Promise<Answer> {
	const { req } = exchange;
	const kind = incomingKind(req);
	const id = parseUuid(target.id);
	if (id === undefined) {
		const reason = "Invalid request. Unable to parse guid";
		const wanted = "The last segment of the path is the event's id, a UUID.";
		throw new Refusal("malformed-url", {
			reason: `${reason} '${target.id.slice(0, 64)}'. ${wanted}`,
		});
	}
	const type = eventTypeHeader(req) ?? "";
	return appendTo(exchange, { stream: parseStreamName(target.stream), kind, id, type });
}

/** Reads the body and appends its events. */
export async function appendTo(exchange: Exchange, request: AppendRequest): Promise<Answer> {
	const { context, req } = exchange;
	const { kind } = request;
	const expectation = expectationOf(req);
	checkRequireLeader(req);
	const base = baseOf(req, context.settings.publicUrl);

	const body = await readBody(req, context.settings.bodyBytesMax);
	const offered = offeredEvents(req, body, request);
	const append = prepareAppend(request.stream, "any", offered, context.settings);
	const write = () =>
		appendUnder(context.log, append.stream, expectation, (expected) => {
			const whole = { ...append, expected };
			if (!isCloudEvent(kind)) return context.log.append(whole);
			return appendNew(whole, (part) => context.log.append(part));
		});
	// Metadata is small, and can be what makes room: with a $maxCount, a scavenge erases.
	const makesRoom = describedStream(append.stream) !== undefined;
	const appended = await (makesRoom ? write() : context.room.admit(body.length, write));
	const location = eventUrl(base, append.stream, appended.first);
	const answer = created(location, appended, ignoredOf(append));
	if (kind !== "entry") return answer;
	const member = { base, stream: append.stream, version: appended.first };
	return withCreatedEntry(exchange, answer, member);
}

/**
 * The contract's headers for the position, and our own for a repeat and for what has no effect.
 */
function created(
	location: string,
	{ position, repeated }: Appended,
	ignored: readonly Ignored[],
): Answer {
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
			...(ignored.length > 0 ? ["Varve-Ignored", listOf(ignored)] : []),
			"Content-Type",
			"text/plain; charset=utf-8",
			"Content-Length",
			"0",
		],
	};
}

/**
 * A list of strings with parameters (RFC 9651 section 3.1). The names and the reasons are ours, so
 * they hold nothing that would have to be escaped.
 */
function listOf(ignored: readonly Ignored[]): string {
	const items = ignored.map(({ index, name, reason }) => {
		return `"${name}";event=${index};reason="${reason}"`;
	});
	return items.join(", ");
}

/**
 * Without an id the server cannot tell a repeat from a new event, so it redirects the client to a
 * URL that has one.
 */
function redirect(location: string): Answer {
	return textAnswer(307, "text/plain; charset=utf-8", "Forwarding to idempotent URI", [
		"Location",
		location,
	]);
}
