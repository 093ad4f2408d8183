/** The requests of a reader: the next page, or the data of one event. */
import { decodeFeedJson } from "../json/decode.ts";
import type { DecodedEntry } from "../model.ts";
import { nextDelay } from "./backoff.ts";
import { damagedAt, ReadError } from "./error.ts";
import { atOf } from "./event.ts";
import { get, type Reply } from "./exchange.ts";
import { eventOfAllUrl, withBodies } from "./links.ts";
import type { ReaderSettings } from "./options.ts";
import type { Outcome, State } from "./step.ts";

export type PageAnswer = { readonly outcome: Outcome; readonly elapsedMs: number };

const FEED_TYPE = "application/vnd.eventstore.atom+json";

/**
 * Asks once for the page of `state`: at the head with a long poll, and with a condition if the same
 * URL had nothing new before.
 * @throws ReadError `stream-deleted`, `history-replaced`, `refused`
 */
export async function askForPage(
	state: State,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<PageAnswer> {
	const { longPollSeconds } = settings;
	const waits = state.phase === "at-head" && settings.follow;
	const headers: Record<string, string> = { accept: FEED_TYPE };
	if (waits) headers["es-longpoll"] = String(longPollSeconds);
	if (state.etag !== undefined) headers["if-none-match"] = state.etag;
	const began = performance.now();
	const reply = await ask(
		withBodies(state.url),
		headers,
		waits ? longPollSeconds * 1000 : 0,
		settings,
		signal,
	);
	return { outcome: outcomeOf(reply, state.url), elapsedMs: performance.now() - began };
}

/**
 * Fetches the data of an event, for as long as it takes. A reader of `$all` uses the URL under
 * `$all`, because the event's own stream may hide it, or show the target if it is a link.
 * @returns undefined if the event is gone
 * @throws ReadError `refused`, `too-large`, `damaged`, `unanswered`
 */
export async function fetchData(
	entry: DecodedEntry,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<Uint8Array | undefined> {
	const position = settings.stream === "$all" ? entry.event?.position : undefined;
	const own = entry.links.find(({ relation }) => relation === "alternate")?.uri ?? entry.id;
	const url = position === undefined ? own : eventOfAllUrl(settings.server, position, own);
	for (let faults = 1; ; faults++) {
		const reply = await ask(url, { accept: "application/octet-stream" }, 0, settings, signal);
		if (reply.kind === "ok") return reply.body;
		if (reply.kind === "missing" || reply.kind === "deleted") return undefined;
		if (reply.kind === "too-large") {
			throw new ReadError("too-large", url, `${url} exceeds ${settings.bodyBytesMax} bytes`);
		}
		if (reply.kind === "damaged") {
			// An entry with data is an event, so it has a number.
			throw damagedAt(atOf(entry, settings.stream, url) as number, url, reply.reason);
		}
		const fault =
			reply.kind === "fault" ? reply : { reason: "304 without a condition", retryAfterMs: 0 };
		await backOff(url, faults, fault, settings, signal);
	}
}

/**
 * Calls `onRetry` with the fault, and waits as long as the back-off says.
 * @throws ReadError `unanswered` if there were more faults than `retriesMax`
 */
export async function backOff(
	url: string,
	faults: number,
	fault: { readonly reason: string; readonly retryAfterMs: number },
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<void> {
	const { reason } = fault;
	if (faults > settings.retriesMax) {
		throw new ReadError(
			"unanswered",
			url,
			`${url} failed ${faults} times; the last reason: ${reason}`,
		);
	}
	const delayMs = nextDelay(faults, settings.random(), fault.retryAfterMs);
	settings.onRetry({ url, reason, faults, delayMs });
	await settings.sleep(delayMs, signal);
}

function ask(
	url: string,
	headers: Readonly<Record<string, string>>,
	heldMs: number,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<Reply> {
	const own = new URL(url).origin === settings.origin ? settings.headers : {};
	const request = {
		url,
		headers: { ...own, ...headers },
		answerMs: heldMs + settings.timeoutMs,
		silenceMs: settings.timeoutMs,
		bodyBytesMax: settings.bodyBytesMax,
	};
	return get(request, settings.fetch, signal);
}

function outcomeOf(reply: Reply, url: string): Outcome {
	if (reply.kind === "deleted") {
		throw new ReadError("stream-deleted", url, `${url}: the stream was deleted for ever`, 410);
	}
	if (reply.kind !== "ok") return reply as Outcome;
	try {
		const feed = decodeFeedJson(reply.body.toString());
		return { kind: "page", feed, etag: reply.etag };
	} catch (error) {
		// The body was cut short, or a proxy sent an error page with status 200.
		const reason = `the answer is not a feed: ${error instanceof Error ? error.message : error}`;
		return { kind: "fault", reason, retryAfterMs: 0 };
	}
}
