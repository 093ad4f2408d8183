/** The requests of a reader: the next page, or the data of one event. */
import { decodeFeedJson } from "../json/decode.ts";
import type { DecodedEntry, DecodedFeed } from "../model.ts";
import { counted, type Faults, isHopeless, NO_FAULTS, nextDelay } from "./backoff.ts";
import { damagedAt, ReadError } from "./error.ts";
import { atOf } from "./event.ts";
import { eventOfAllUrl, keyUrl, withBodies, withWait } from "./links.ts";
import type { ReaderSettings } from "./options.ts";
import { decodePage } from "./pages/page.ts";
import {
	type Document,
	type Fault,
	FEED_TYPE,
	get,
	LINES_TYPE,
	type Reply,
	type Served,
} from "./reply.ts";
import { isWaiting, type Outcome, type State } from "./step.ts";

export type PageAnswer = { readonly outcome: Outcome; readonly elapsedMs: number };

/** Why the server cannot read a page from its disk. */
export type Damage = { readonly damage: string };

/** On one machine, compression takes more time than it saves. Browsers ask for what they like. */
const PLAIN = { "accept-encoding": "identity" };
const NEAR = /^https?:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?\//;

/**
 * Asks once for the page of `state`. At the head that is a tail page; of a server that does not
 * know them, a long poll, with a condition if the same URL had nothing new before.
 * @throws ReadError `stream-deleted`, `history-replaced`, `refused`, `not-varve`
 */
export async function askForPage(
	state: State,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<PageAnswer> {
	const { longPollSeconds } = settings;
	const waits = isWaiting(state);
	const isTail = waits && state.knowsTails;
	const isLines = state.form === "lines";
	const headers: Record<string, string> = { accept: isLines ? LINES_TYPE : FEED_TYPE };
	if (waits && !isTail) headers["es-longpoll"] = String(longPollSeconds);
	// A condition would keep caches from answering all that wait with one answer.
	if (state.etag !== undefined && !isTail) headers["if-none-match"] = state.etag;
	const url = isTail ? withWait(state.url, longPollSeconds) : state.url;
	const began = performance.now();
	const reply = await ask(
		// Lines always hold whole events.
		isLines ? url : withBodies(url),
		headers,
		waits ? longPollSeconds * 1000 : 0,
		settings,
		signal,
	);
	const { stream } = settings;
	return {
		outcome: outcomeOf(reply, url, (page) => decodePage(page, state.form, stream)),
		elapsedMs: performance.now() - began,
	};
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
	const outcome = await persist(url, settings, signal, async () =>
		outcomeOf(await ask(withBodies(url), { accept: FEED_TYPE }, 0, settings, signal), url, feedOf),
	);
	if (outcome.kind === "page") return outcome.page;
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
	const sent = NEAR.test(url) ? { ...headers, ...PLAIN } : headers;
	const own = { origin, headers: settings.headers };
	const limits = { answerMs: heldMs + timeoutMs, silenceMs: timeoutMs, bodyBytesMax };
	return get({ url, headers: sent, own, limits }, settings.fetch, signal);
}

type Decoded<Page> =
	| (Served & { readonly kind: "page"; readonly page: Page; readonly etag: string | undefined })
	| Exclude<Outcome, { readonly kind: "page" }>;

function outcomeOf<Page>(
	reply: Reply,
	url: string,
	decode: (document: Document) => Page,
): Decoded<Page> {
	if (reply.kind === "deleted") {
		throw new ReadError("stream-deleted", url, `${url}: the stream was deleted for ever`, 410);
	}
	if (reply.kind !== "ok") return reply as Exclude<Outcome, { readonly kind: "page" }>;
	try {
		return { kind: "page", page: decode(reply), etag: reply.etag, servedAt: reply.servedAt };
	} catch (error) {
		if (error instanceof ReadError) throw error;
		// The body was cut short, or a proxy sent an error page with status 200.
		const reason = `the answer is not a feed: ${error instanceof Error ? error.message : error}`;
		return { kind: "fault", reason, retryAfterMs: 0, foreign: true };
	}
}

function feedOf({ body }: Document): DecodedFeed {
	return decodeFeedJson(new TextDecoder().decode(body));
}
