/**
 * What the answer to a GET means for a reader.
 *
 * Only what Varve itself says about a stream is believed: a document of the type that was asked
 * for, or a problem document about that stream. Everything else comes from something on the way,
 * and says nothing about the stream: it is a fault, to be asked again.
 */
import { type Answer, exchange, type Request } from "../exchange/exchange.ts";
import { describeAnswer, isAbout, isPassing, mediaTypeOf, problemIn } from "../exchange/problem.ts";
import { parseRetryAfter } from "./backoff.ts";
import { ReadError } from "./error.ts";

/**
 * `missing`: there is no such stream or event. `deleted`: the stream was deleted for ever.
 * `damaged`: the server cannot read its disk, and asking again does not help. Every other refusal
 * throws.
 */
export type Reply =
	| (Served & { readonly kind: "ok"; readonly body: Uint8Array; readonly etag: string | undefined })
	| (Served & { readonly kind: "not-modified" | "missing" })
	| { readonly kind: "deleted" | "too-large" }
	| { readonly kind: "damaged"; readonly reason: string }
	| Fault;

/** Milliseconds since 1970: the `Date` of the answer. A browser may hide it. */
export type Served = { readonly servedAt: number | undefined };

export type Fault = {
	readonly kind: "fault";
	readonly reason: string;
	readonly retryAfterMs: number;
	/** Whether something answered that is not Varve; see `FOREIGN_MAX`. */
	readonly foreign: boolean;
};

const NOTHING = new Uint8Array(0);
/** What proxies say while the server is away. */
const AWAY = new Set([408, 425, 429]);
/** The ETag of a document of the server; proxies that compress make it weak, or add to it. */
const OUR_ETAG = /^(?:W\/)?"\d+;\d+[^"]*"$/;

/**
 * @throws ReadError `refused`, `history-replaced`
 * @throws the reason of `signal` if that ended it
 */
export async function get(
	request: Request,
	fetcher: typeof fetch,
	signal: AbortSignal,
): Promise<Reply> {
	const answer = await exchange(request, fetcher, signal);
	if ("unanswered" in answer) {
		const { unreachable, unanswered, hidden } = answer;
		if (unreachable === undefined) return fault(unanswered, hidden);
		throw new ReadError("refused", request.url, unreachable);
	}
	if (answer.status === 200) return documentIn(answer, request);
	if (answer.status === 304) return unchanged(answer, request);
	return problemReply(answer, request);
}

function fault(reason: string, foreign = false, retryAfterMs = 0): Fault {
	return { kind: "fault", reason, retryAfterMs, foreign };
}

function foreign({ status, statusText, headers, body }: Answer): Fault {
	const seen = describeAnswer(status, statusText, headers.get("content-type"), body ?? NOTHING);
	const away = status >= 500 || AWAY.has(status);
	const retryAfterMs = parseRetryAfter(headers.get("retry-after"), Date.now());
	return fault(away ? seen : `not an answer of Varve: ${seen}`, !away, retryAfterMs);
}

/** Every document of the server has the media type that was asked for, and a tag. */
function documentIn(answer: Answer, { headers: asked }: Request): Reply {
	const { headers, body } = answer;
	if (mediaTypeOf(headers.get("content-type")) !== asked.accept) return foreign(answer);
	const etag = headers.get("etag") ?? undefined;
	// Bytes prove nothing by themselves; a page does, when it is decoded.
	if (asked.accept === "application/octet-stream" && !OUR_ETAG.test(etag ?? ""))
		return foreign({ ...answer, body: NOTHING });
	return body === undefined
		? { kind: "too-large" }
		: { kind: "ok", body, etag, servedAt: servedAt(answer) };
}

/** A 304 answers a condition, and names the tag it compared (RFC 9110 section 15.4.5). */
function unchanged(answer: Answer, { headers: asked }: Request): Reply {
	const condition = asked["if-none-match"];
	const etag = answer.headers.get("etag");
	const answersIt = etag === null || bare(etag) === bare(condition ?? "");
	if (condition === undefined || !answersIt) return foreign(answer);
	return { kind: "not-modified", servedAt: servedAt(answer) };
}

function servedAt({ headers }: Answer): number | undefined {
	const time = Date.parse(headers.get("date") ?? "");
	return Number.isNaN(time) ? undefined : time;
}

function bare(etag: string): string {
	return etag.replace(/^W\//, "");
}

function problemReply(answer: Answer, { url }: Request): Reply {
	const { status, headers, body = NOTHING } = answer;
	const problem = problemIn(status, headers.get("content-type"), body);
	if (problem === undefined) return foreign(answer);
	const reason = `${status} ${problem.detail}`;
	switch (problem.word) {
		case "stream-not-found":
		case "event-not-found":
			return isAbout(problem, url)
				? { kind: "missing", servedAt: servedAt(answer) }
				: foreign(answer);
		case "stream-deleted":
			return isAbout(problem, url) ? { kind: "deleted" } : foreign(answer);
		case "page-too-large":
			// For a reader, a page too large to make is the same as a page too large to receive.
			return { kind: "too-large" };
		case "log-damaged":
			return { kind: "damaged", reason };
		case "history-replaced":
			if (!Number.isSafeInteger(problem.facts.incarnation)) return foreign(answer);
			throw historyReplaced(url, status);
	}
	if (isPassing(problem) || status >= 500)
		return fault(reason, false, parseRetryAfter(headers.get("retry-after"), Date.now()));
	throw new ReadError("refused", url, `the answer to ${url} is ${reason}`, status);
}

export function historyReplaced(url: string, status?: number): ReadError {
	const message = `${url} belongs to a history that was replaced; read again from the start`;
	return new ReadError("history-replaced", url, message, status);
}
