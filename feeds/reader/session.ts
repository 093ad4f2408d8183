/** The requests of a reader: the next page, or the data of one event. */
import { decodeFeedJson } from "../json/decode.ts";
import type { DecodedEntry, DecodedFeed } from "../model.ts";
import { counted, type Faults, isHopeless, NO_FAULTS, nextDelay } from "./backoff.ts";
import { damagedAt, ReadError } from "./error.ts";
import { atOf } from "./event.ts";

import { eventOfAllUrl, keyUrl, withBodies } from "./links.ts";
import type { ReaderSettings } from "./options.ts";
import { type Fault, get, type Reply } from "./reply.ts";
import type { Outcome, State } from "./step.ts";

export type PageAnswer = { readonly outcome: Outcome; readonly elapsedMs: number };

/** Why the server cannot read a page from its disk. */
export type Damage = { readonly damage: string };

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
	const reply = await persist<Reply>(url, settings, signal, () =>
		ask(url, { accept: "application/octet-stream" }, 0, settings, signal),
	);
	if (reply.kind === "ok") return reply.body;
	if (reply.kind === "too-large") {
		throw new ReadError("too-large", url, `${url} exceeds ${settings.bodyBytesMax} bytes`);
	}
	if (reply.kind === "damaged") {
		// An entry with data is an event, so it has a number.
		throw damagedAt(atOf(entry, settings.stream, url) as number, url, reply.reason);
	}
	return undefined;
}

/**
 * Fetches one page, for as long as it takes; undefined if there is no such stream.
 * @throws ReadError `stream-deleted`, `history-replaced`, `refused`, `unanswered`, `too-large`
 */
export async function fetchPage(
	url: string,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<DecodedFeed | Damage | undefined> {
	const outcome = await persist<Outcome>(url, settings, signal, async () =>
		outcomeOf(await ask(withBodies(url), { accept: FEED_TYPE }, 0, settings, signal), url),
	);
	if (outcome.kind === "page") return outcome.feed;
	if (outcome.kind === "damaged") return { damage: outcome.reason };
	if (outcome.kind === "missing") return undefined;
	throw new ReadError("too-large", url, `${url} is larger than a page may be`);
}

/** A key of C2SP's signed notes, `NAME+HASH+KEY`. */
const KEY = /^[!-*,-~]{1,256}\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}\n$/;

/**
 * Fetches the public key of the server's log, for as long as it takes.
 * @throws ReadError `refused`, `unanswered`
 */
export async function fetchKey(settings: ReaderSettings, signal: AbortSignal): Promise<string> {
	const url = keyUrl(settings.server);
	return persist<string>(url, settings, signal, async () => {
		const reply = await ask(url, { accept: "text/plain" }, 0, settings, signal);
		if (reply.kind === "fault") return reply;
		const text = reply.kind === "ok" ? new TextDecoder().decode(reply.body) : "";
		if (KEY.test(text)) return text;
		const reason = "not an answer of Varve: it is not the key of a log";
		return { kind: "fault", reason, retryAfterMs: 0, foreign: true };
	});
}

/** Asks until there is an answer that is no fault. */
async function persist<T>(
	url: string,
	settings: ReaderSettings,
	signal: AbortSignal,
	once: () => Promise<T | Fault>,
): Promise<T> {
	for (let faults = NO_FAULTS; ; ) {
		const answer = await once();
		if (!isFault(answer)) return answer;
		faults = counted(faults, answer.foreign);
		await backOff(url, faults, answer, settings, signal);
	}
}

function isFault(answer: unknown): answer is Fault {
	return (answer as { readonly kind?: unknown }).kind === "fault";
}

/**
 * Calls `onRetry` with the fault, and waits as long as the back-off says.
 * @throws ReadError `unanswered` if there were more faults than `retriesMax`
 */
export async function backOff(
	url: string,
	faults: Faults,
	fault: Fault,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<void> {
	const { reason } = fault;
	if (isHopeless(faults, settings.retriesMax)) {
		const message = `${url} failed ${faults.all} times; the last reason: ${reason}`;
		throw new ReadError("unanswered", url, message);
	}
	const delayMs = nextDelay(faults.all, settings.random(), fault.retryAfterMs);
	settings.onRetry({ url, reason, faults: faults.all, delayMs });
	await settings.sleep(delayMs, signal);
}

function ask(
	url: string,
	headers: Readonly<Record<string, string>>,
	heldMs: number,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<Reply> {
	const { origin, timeoutMs, bodyBytesMax } = settings;
	const own = { origin, headers: settings.headers };
	const limits = { answerMs: heldMs + timeoutMs, silenceMs: timeoutMs, bodyBytesMax };
	return get({ url, headers, own, limits }, settings.fetch, signal);
}

function outcomeOf(reply: Reply, url: string): Outcome {
	if (reply.kind === "deleted") {
		throw new ReadError("stream-deleted", url, `${url}: the stream was deleted for ever`, 410);
	}
	if (reply.kind !== "ok") return reply as Outcome;
	try {
		const feed = decodeFeedJson(new TextDecoder().decode(reply.body));
		return { kind: "page", feed, etag: reply.etag, servedAt: reply.servedAt };
	} catch (error) {
		// The body was cut short, or a proxy sent an error page with status 200.
		const reason = `the answer is not a feed: ${error instanceof Error ? error.message : error}`;
		return { kind: "fault", reason, retryAfterMs: 0, foreign: true };
	}
}
