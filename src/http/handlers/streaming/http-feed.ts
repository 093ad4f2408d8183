/**
 * GET of a stream's own URL as a batch of CloudEvents: an HTTP feed (http-feeds.org).
 *
 *     /streams/s                                 from the first event
 *     /streams/s?lastEventId=8f1e…               the events after that event
 *     /streams/s?lastEventId=8f1e…&timeout=5000  waits so long if there is none, in milliseconds
 *
 * Oldest first; an empty batch says that there is nothing newer. Pages have the same format under
 * URLs of their own, and caches can keep pages.
 *
 * A reader goes on from the `id` of the last event it has, so here each id stands for one entry. An
 * event that was appended to this stream under a UUID keeps its id: the log has each once. Any
 * other gets an id that names its place, such as `41@order-42`: the id of another system is unique
 * with its source only, and one UUID may stand in two streams of an index.
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
import type { Log, LogReads, StreamEntry } from "../../../log/log.ts";
import { composeEntry } from "../../../pages/entry.ts";
import { locateEvent, SEARCHED_MAX } from "../../../pages/locate.ts";
import { passed, readStep } from "../../../pages/replay.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange, holdBeyond } from "../../answering/exchange.ts";
import type { Representation } from "../../request/negotiation.ts";
import { urlsAt } from "../../urls.ts";

const BATCH = 100;
const PASSED = 500;
/** A tenth of a second of reading. */
const PASSED_MAX = 5_000;
const ID_LENGTH_MAX = 1024;
const PLACE = /^(\d{1,15})(?:\.(\d{1,15}))?@/;
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
	const { context, principal } = exchange;
	const { log, settings } = context;
	const reads = context.access.readsFor(principal);
	const parameters = new URLSearchParams(query);
	const waitMs = Math.min(timeoutOf(parameters), settings.requestTimeoutMs * SHARE);
	const gone = clientGone(exchange);
	const from = await startOf({ log, reads }, stream, parameters.get("lastEventId") ?? "");
	const endMs = performance.now() + waitMs;
	const hold = async (beyond: Version) => {
		const leftMs = endMs - performance.now();
		if (leftMs > 0) await holdBeyond(exchange, stream, beyond, leftMs, gone);
		return leftMs > 0;
	};
	if (waitMs > 0 && (await log.last(stream)) < from) await hold(from - 1);
	const urls = urlsAt(representation.base, log);
	const encoded = (entries: readonly StreamEntry[]) => {
		const batch = entries.map((entry) => ({
			entry: composeEntry(urls, stream, entry),
			id: placeOf(log, stream, entry),
		}));
		return Buffer.from(encode(batch));
	};
	const steps = readBatch(reads, { stream, start: from, gone, hold });
	return answerWith(representation.type.contentType, steps, encoded, await steps.next());
}

/** Nothing is behind a batch of these, or not yet. */
type Batch = readonly StreamEntry[];
type Steps = AsyncGenerator<undefined, Batch>;

/**
 * A batch that is found soon is one answer. Else the answer begins without it, and goes on with
 * white space, which JSON passes over: nobody takes it for one that hangs.
 */
function answerWith(
	contentType: string,
	steps: Steps,
	encoded: (batch: Batch) => Buffer,
	first: IteratorResult<undefined, Batch>,
): Answer {
	const headers = [...NOT_KEPT, "Content-Type", contentType];
	if (!first.done) return { status: 200, headers, chunks: spaced(steps, encoded) };
	const body = encoded(first.value);
	return { status: 200, headers: [...headers, "Content-Length", String(body.length)], body };
}

async function* spaced(
	steps: Steps,
	encoded: (batch: Batch) => Buffer,
): AsyncGenerator<string | Buffer> {
	for (;;) {
		yield "\n";
		const step = await steps.next();
		if (!step.done) continue;
		yield encoded(step.value);
		return;
	}
}

type Following = {
	readonly stream: StreamName;
	readonly start: Version;
	readonly gone: AbortSignal;
	/** Resolves with an event beyond a version, or when the time is over; false if it was before. */
	readonly hold: (beyond: Version) => Promise<boolean>;
};

/**
 * Reads on while it finds nothing to show: an empty batch means that there is nothing newer. It
 * yields each time that it has passed over many entries.
 */
async function* readBatch(
	log: LogReads,
	{ stream, start, gone, hold }: Following,
): AsyncGenerator<undefined, Batch> {
	let [from, limit, paused] = [start, BATCH, start];
	for (;;) {
		const range = { stream, from, limit, direction: "forward", content: true } as const;
		const slice = await readStep(log, range);
		if (slice.last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
		const shown = slice.entries.filter(({ unresolved }) => unresolved === undefined);
		if (shown.length > 0 || gone.aborted) return shown.slice(0, BATCH);
		const reached = slice.entries.at(-1)?.version;
		from = reached === undefined ? passed(slice, from, slice.limit) : reached + 1;
		if (from > slice.last) {
			// What came was not for this reader: there may be time left for the next.
			from = slice.last + 1;
			if (!(await hold(slice.last)) || (await log.last(stream)) < from) return [];
		}
		// A reader who may read little passes over the rest faster.
		limit = PASSED;
		if (from - paused >= PASSED_MAX) {
			paused = from;
			yield;
		}
		// The server serves other requests in between.
		await setImmediate();
	}
}

/** The log as the reader may read it, and the histories of all of it. */
type FeedLog = { readonly log: Log; readonly reads: LogReads };

async function startOf(of: FeedLog, stream: StreamName, id: string): Promise<Version> {
	if (id === "") return 0;
	const named = await versionNamed(of, stream, id);
	if (named !== undefined) return named + 1;
	const uuid = parseUuid(id);
	const matches = (event: RecordedEvent) => (uuid ? event.id === uuid : idOf(event) === id);
	const isLong = id.length > ID_LENGTH_MAX;
	const version = isLong
		? undefined
		: await locateEvent(of.reads, stream, id, matches, uuid === undefined);
	if (version !== undefined) return version + 1;
	throw new Refusal("malformed-query", {
		parameter: "lastEventId",
		value: id.slice(0, 64),
		reason: uuid
			? "no event of this stream has this id."
			: `no event among the oldest ${SEARCHED_MAX} of this stream has this id.`,
	});
}

/** The id that names an entry's place; undefined if the event's own id is the only one here. */
function placeOf(log: Log, stream: StreamName, entry: StreamEntry): string | undefined {
	const { event, link, version } = entry;
	const isOwn = link === undefined && event.stream === stream;
	if (isOwn && parseUuid(idOf(event)) === event.id) return undefined;
	const incarnation = incarnationOf(log, entry);
	const history = incarnation === 1 ? "" : `.${incarnation}`;
	return `${version}${history}@${stream}`;
}

/**
 * The version that an id names.
 * @throws Refusal `history-replaced` if it is a place of a history that is gone
 */
async function versionNamed(
	{ log, reads }: FeedLog,
	stream: StreamName,
	id: string,
): Promise<Version | undefined> {
	const [start, digits, history = "1"] = PLACE.exec(id) ?? [];
	if (start === undefined || id.slice(start.length) !== stream) return undefined;
	const version = Number(digits);
	const range = { stream, from: version, limit: 1, direction: "forward", content: false } as const;
	const { entries, last } = await reads.read(range);
	const there = entries.find((entry) => entry.version === version);
	// What metadata hides is not read; what is beyond the end belongs to no earlier history.
	const hidden = version <= last ? Number(history) : log.incarnation;
	const written = there ? incarnationOf(log, there) : hidden;
	if (Number(history) === written) return version;
	throw new Refusal("history-replaced", { incarnation: log.incarnation });
}

function incarnationOf(log: Log, { event, link }: StreamEntry): number {
	return log.incarnationAt((link ?? event).position);
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
