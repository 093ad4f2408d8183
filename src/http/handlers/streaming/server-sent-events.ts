/**
 * GET of a stream as server-sent events: the events that are there, then the new ones, as long as
 * the reader stays.
 *
 *     /streams/s                   from the first event on
 *     /streams/s/40/forward/20     from 40 on
 *     /streams/s/head/backward/20  only events after the head
 *     Last-Event-ID: 41            from 42 on, whatever the URL says; so does ?lastEventId=41
 *     ?event=message               every event under that one name, for `onmessage`
 *
 * In own streams `data` is the event's data; in the others, whose events are of many streams, it is
 * the event's line. `embed` says otherwise: `content` or `body`.
 *
 * One loop sends the events that are there and the new ones: it reads from the next number it owes,
 * and waits for a commit only if that number is beyond the end of what it read. So no event is lost
 * or sent twice in between. The loop waits for a stream without events, too. The answer is never
 * compressed: a proxy that unpacks it would hold events back until it has a full block.
 */
import {
	encodeRetry,
	encodeServerSentEvent,
	HEARTBEAT,
	type ServerSentForm,
} from "../../../../feeds/event-source/encode.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { Refusal } from "../../../errors.ts";
import type { Version } from "../../../event.ts";
import { isWritable } from "../../../indexes/joins.ts";
import { composeEntry } from "../../../pages/entry.ts";
import { passed, readStep, STEP_FIRST, stepAfter } from "../../../pages/replay.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import { NOT_COLLECTED } from "../../answering/leave.ts";
import { urlsAt } from "../../urls.ts";
import type { StreamingRequest } from "./request.ts";

/** A restarted server is back by then; earlier, a thousand readers would only queue up. */
const RETRY_MS = 2000;

/**
 * A refusal that may pass by itself becomes an answer that an EventSource comes back after: see
 * `answering/leave.ts`.
 * @throws Refusal `malformed-header`, `malformed-query`, `not-acceptable`, `overloaded`,
 *   `shutting-down`, `stream-deleted`, `log-damaged`
 */
export async function answerServerSentEvents(
	exchange: Exchange,
	request: StreamingRequest,
): Promise<Answer> {
	const { log, liveReaders } = exchange.context;
	const { stream, query } = request;
	const seen = lastEventId(exchange, query);
	const start = seen === undefined ? startOf(exchange, request) : seen + 1;
	const form = formOf(request);
	// Asked in any case: a stream that was deleted is refused before the answer starts.
	const last = await log.last(stream);
	const from = start === "head" ? last + 1 : start;
	const gone = clientGone(exchange);
	if (exchange.req.method !== "HEAD") liveReaders.enter(gone);
	const chunks = follow(exchange, request, { from, form }, gone);
	return { status: 200, headers: headersOf(request), chunks };
}

function headersOf({ representation: { type } }: StreamingRequest): string[] {
	return ["Content-Type", type.contentType, ...NOT_KEPT, ...NOT_COLLECTED];
}

/** @throws Refusal `malformed-query` */
function formOf({ stream, representation, query }: StreamingRequest): ServerSentForm {
	const { embed } = representation;
	const isWhole = embed === "none" ? !isWritable(stream) : embed !== "content";
	const name = new URLSearchParams(query).get("event");
	if (name === null || name === "message") return { isWhole, name: name ?? undefined };
	throw new Refusal("malformed-query", {
		parameter: "event",
		value: name.slice(0, 64),
		reason: "it takes message, one name for all events; without it, each has its type for a name.",
	});
}

async function* follow(
	{ context, principal }: Exchange,
	{ stream, representation }: StreamingRequest,
	{ from, form }: { from: Version; form: ServerSentForm },
	gone: AbortSignal,
): AsyncGenerator<string> {
	const { log, liveReaders, settings, access } = context;
	const reads = access.readsFor(principal);
	const urls = urlsAt(representation.base, log);
	let next = from;
	let limit = STEP_FIRST;
	yield encodeRetry(RETRY_MS);
	while (!liveReaders.isClosed() && !gone.aborted) {
		const range = { stream, from: next, limit, direction: "forward", content: true } as const;
		const slice = await readStep(reads, range);
		const shown = slice.entries.filter(({ unresolved }) => unresolved === undefined);
		const texts = shown.map((entry) =>
			encodeServerSentEvent(composeEntry(urls, stream, entry), entry.version, form),
		);
		const reached = slice.entries.at(-1)?.version;
		// If events are gone a step may find none, with more beyond it.
		const searched = Math.min(passed(slice, next, slice.limit), Math.max(next, slice.last + 1));
		next = reached === undefined ? searched : reached + 1;
		limit = stepAfter(slice);
		yield texts.length === 0 ? HEARTBEAT : texts.join("");
		if (next > slice.last)
			await liveReaders.waitBeyond(stream, next - 1, settings.heartbeatMs, gone);
	}
}

/** The last event a returning reader has seen. The header is newer than the URL it repeats. */
function lastEventId({ req }: Exchange, query: string): Version | undefined {
	const header = req.headers["last-event-id"];
	const sent = typeof header === "string" && header !== "" ? header : undefined;
	const value = sent ?? new URLSearchParams(query).get("lastEventId") ?? "";
	if (value === "") return undefined;
	if (/^\d{1,15}$/.test(value)) return Number(value);
	const wanted = "takes the id of an event of this stream: a whole number from 0.";
	const shown = value.slice(0, 64);
	if (sent === undefined) {
		throw new Refusal("malformed-query", {
			parameter: "lastEventId",
			value: shown,
			reason: `it ${wanted}`,
		});
	}
	const reason = `It ${wanted}`;
	throw new Refusal("malformed-header", { header: "Last-Event-ID", value: shown, reason });
}

/** @throws Refusal `not-acceptable` */
function startOf({ req }: Exchange, { range, isOwnUrl }: StreamingRequest): Version | "head" {
	const { from, direction } = range;
	if (isOwnUrl) return 0;
	if (direction === "forward" || from === "head") return from;
	throw new Refusal("not-acceptable", {
		accept: String(req.headers.accept).slice(0, 256),
		available: ["any format of a page; events that come later are read forward"],
	});
}
