/**
 * GET of a stream's own URL as a batch of CloudEvents: an HTTP feed (http-feeds.org).
 *
 *     /streams/s                                 from the first event
 *     /streams/s?lastEventId=8f1e…               the events after that event
 *     /streams/s?lastEventId=8f1e…&timeout=5000  waits so long if there is none, in milliseconds
 *
 * Oldest first; an empty batch says that there is nothing newer. Pages have the same format under
 * URLs of their own, and caches can keep pages.
 */
import { setImmediate } from "node:timers/promises";
import { attributesOf } from "../../../../feeds/cloudevents/attributes.ts";
import type { EncodeBatch, PageType } from "../../../../feeds/formats/feed.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { Refusal } from "../../../errors.ts";
import {
	ALL,
	parseUuid,
	type RecordedEvent,
	type StreamName,
	type Version,
} from "../../../event.ts";
import type { Log, StreamEntry } from "../../../log/log.ts";
import { composeEvents } from "../../../pages/entry.ts";
import { locateEvent, rememberEvent, SEARCHED_MAX } from "../../../pages/locate.ts";
import { passed, readStep } from "../../../pages/replay.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import type { Representation } from "../../request/negotiation.ts";
import { urlsAt } from "../../urls.ts";

const BATCH = 100;
const ID_LENGTH_MAX = 1024;
/** The share of the request's time that the wait may take; the read gets the rest. */
const SHARE = 3 / 4;

export type BatchRequest = {
	readonly stream: StreamName;
	readonly representation: Representation<PageType>;
	/** Of the URL, without its `?`. */
	readonly query: string;
	/** Of the format that was asked for. */
	readonly encode: EncodeBatch;
};

/** @throws Refusal `malformed-query`, `stream-not-found` */
export async function answerHttpFeed(
	exchange: Exchange,
	{ stream, representation, query, encode }: BatchRequest,
): Promise<Answer> {
	const { log, longPolls, settings } = exchange.context;
	const parameters = new URLSearchParams(query);
	const waitMs = Math.min(timeoutOf(parameters), settings.requestTimeoutMs * SHARE);
	const gone = clientGone(exchange);
	const from = await startOf(exchange, stream, parameters.get("lastEventId") ?? "");
	if (waitMs > 0) {
		const last = await log.last(stream);
		if (last < from) await longPolls.waitBeyond(stream, from - 1, waitMs, gone);
	}
	const entries = await readBatch(log, stream, from, gone);
	const newest = entries.at(-1);
	if (newest) rememberEvent(log, stream, idOf(newest.event), newest.version);

	const urls = urlsAt(representation.base, log.incarnation);
	const oldestLast = composeEvents(urls, stream, entries).reverse();
	const body = Buffer.from(encode({ entries: oldestLast }));
	const form = [
		"Content-Type",
		representation.type.contentType,
		"Content-Length",
		String(body.length),
	];
	return { status: 200, headers: [...NOT_KEPT, ...form], body };
}

/** Reads on while it finds nothing to show: an empty batch means that there is nothing newer. */
async function readBatch(
	log: Log,
	stream: StreamName,
	start: Version,
	gone: AbortSignal,
): Promise<StreamEntry[]> {
	let from = start;
	for (;;) {
		const range = { stream, from, limit: BATCH, direction: "forward", content: true } as const;
		const slice = await readStep(log, range);
		if (slice.last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
		const shown = slice.entries.filter(({ unresolved }) => unresolved === undefined);
		const reached = slice.entries.at(-1)?.version;
		from = reached === undefined ? passed(slice, from, BATCH) : reached + 1;
		if (shown.length > 0 || from > slice.last || gone.aborted) return shown;
		// The server serves other requests in between.
		await setImmediate();
	}
}

async function startOf(exchange: Exchange, stream: StreamName, id: string): Promise<Version> {
	if (id === "") return 0;
	const uuid = parseUuid(id);
	const matches = (event: RecordedEvent) => (uuid ? event.id === uuid : idOf(event) === id);
	const isLong = id.length > ID_LENGTH_MAX;
	const version = isLong
		? undefined
		: await locateEvent(exchange.context.log, stream, id, matches, uuid === undefined);
	if (version !== undefined) return version + 1;
	throw new Refusal("malformed-query", {
		parameter: "lastEventId",
		value: id.slice(0, 64),
		reason: uuid
			? "no event of this stream has this id."
			: `no event among the newest ${SEARCHED_MAX} of this stream has this id.`,
	});
}

/** The id an event has as a CloudEvent. */
function idOf({ id, metadata }: RecordedEvent): string {
	const kept = attributesOf(metadata)?.get("id");
	return kept?.[0] === '"' ? (JSON.parse(kept) as string) : id;
}

function timeoutOf(parameters: URLSearchParams): number {
	const value = parameters.get("timeout") ?? "0";
	if (/^\d{1,9}$/.test(value)) return Number(value);
	throw new Refusal("malformed-query", {
		parameter: "timeout",
		value: value.slice(0, 64),
		reason: "it takes a whole number of milliseconds.",
	});
}
