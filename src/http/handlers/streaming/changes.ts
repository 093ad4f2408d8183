/**
 * GET /log/changes?stream=…&stream=…: the last version of each of these streams now, and whenever
 * it has changed, as server-sent events. One connection follows many streams, however fast they
 * grow:
 *
 *     data: {"stream":"order-1","last":12}
 *
 * `last` is the position on `$all`; -1 for a stream without events; null for one that was deleted
 * for ever. What changes in between is told once, with the newest version. A reader that comes back
 * is told where each stream is, and has missed nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { encodeRetry, HEARTBEAT } from "../../../../feeds/event-source/encode.ts";
import { mediaType } from "../../../../feeds/media.ts";
import type { Principal } from "../../../access/principal.ts";
import { neededFor } from "../../../access/rights.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import { ALL, parseStreamName, type StreamName } from "../../../event.ts";
import type { Commit } from "../../../log/log.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import { NOT_COLLECTED } from "../../answering/leave.ts";
import type { Context } from "../../context.ts";
import { negotiateType } from "../../request/negotiation.ts";

const TYPE = mediaType("text/event-stream", "event-stream");
/** More pages than anybody looks at; each stream costs a look-up when a reader comes. */
const STREAMS_MAX = 100;
const RETRY_MS = 2000;
/** Between two messages about the same stream: a person sees no more of them. */
const PAUSE_MS = 250;

type Last = number | null;

/**
 * @throws Refusal `malformed-query`, `invalid-stream-name`, `not-acceptable`, `overloaded`,
 *   `shutting-down`, `log-damaged`
 */
export async function answerChanges(
	exchange: Exchange,
	{ query }: { readonly query: string },
): Promise<Answer> {
	const { context, req, principal } = exchange;
	const { contentType } = negotiateType(req, query, [TYPE]);
	const streams = streamsIn(query);
	for (const stream of streams) await context.access.permit(principal, toRead(stream));
	const gone = clientGone(exchange);
	if (req.method !== "HEAD") context.liveReaders.enter(gone);
	const chunks = changes(context, principal, streams, gone);
	return {
		status: 200,
		headers: ["Content-Type", contentType, ...NOT_KEPT, ...NOT_COLLECTED],
		chunks,
	};
}

/** @throws Refusal `malformed-query`, `invalid-stream-name` */
function streamsIn(query: string): ReadonlySet<StreamName> {
	const streams = new Set(new URLSearchParams(query).getAll("stream").map(parseStreamName));
	if (streams.size >= 1 && streams.size <= STREAMS_MAX) return streams;
	const reason = `it takes the name of a stream, and can be given 1 to ${STREAMS_MAX} times.`;
	throw new Refusal("malformed-query", { parameter: "stream", value: `${streams.size}`, reason });
}

function toRead(stream: StreamName) {
	return neededFor({ right: "read" }, { stream });
}

async function* changes(
	{ log, liveReaders, settings, access }: Context,
	principal: Principal,
	streams: ReadonlySet<StreamName>,
	gone: AbortSignal,
): AsyncGenerator<string> {
	/** What is to be told; undefined where the log has to be asked. */
	const changed = new Map<StreamName, Last | undefined>(
		[...streams].map((one) => [one, undefined]),
	);
	let reached = -1;
	const stop = log.onCommit((commit) => {
		reached = commit.last;
		note(commit, streams, changed);
	});
	const pause = () => sleep(PAUSE_MS, undefined, { signal: gone }).catch(() => undefined);
	const isOver = () => liveReaders.isClosed() || gone.aborted;
	try {
		yield encodeRetry(RETRY_MS);
		reached = Math.max(reached, await log.last(ALL));
		while (!isOver()) {
			const told = [...changed];
			changed.clear();
			let text = "";
			for (const [stream, last] of told) {
				// Whoever has lost the right is told nothing more.
				if (!(await access.may(principal, toRead(stream)))) continue;
				text += encode(stream, last ?? (await lastOf(log, stream)));
			}
			yield text === "" ? HEARTBEAT : text;
			const untilMs = performance.now() + settings.heartbeatMs;
			do {
				// Others may write much faster, and a log that cannot be read wakes at once.
				await pause();
				const leftMs = untilMs - performance.now();
				if (changed.size > 0 || leftMs <= 0 || isOver()) break;
				await liveReaders.waitBeyond(ALL, reached, leftMs, gone);
			} while (changed.size === 0);
		}
	} finally {
		stop();
	}
}

/** A commit tells how far streams grew. Of a stream that did more than that, the log is asked. */
function note(
	{ last, streams: grown, marked }: Commit,
	streams: ReadonlySet<StreamName>,
	changed: Map<StreamName, Last | undefined>,
): void {
	for (const stream of streams) {
		const reached = stream === ALL ? last : grown.get(stream);
		if (marked.includes(stream)) changed.set(stream, undefined);
		else if (reached !== undefined) changed.set(stream, reached);
	}
}

async function lastOf(log: Context["log"], stream: StreamName): Promise<Last> {
	try {
		return await log.last(stream);
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return null;
		throw error;
	}
}

function encode(stream: StreamName, last: Last): string {
	return `data: ${JSON.stringify({ stream, last })}\n\n`;
}
