/**
 * One GET, limited in time and size. The kind of reply says what a reader can do about it.
 *
 * The time-out limits silence, not the whole answer: a large page over a slow line may take long,
 * as long as bytes keep coming. Every way out clears the timer, removes the listener from `signal`
 * and releases the connection, so nothing keeps the process alive afterwards.
 */

import { transportFault } from "../exchange/transport.ts";
import { parseRetryAfter } from "./backoff.ts";
import { ReadError } from "./error.ts";

export type Request = {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Milliseconds until the answer must begin; a long poll adds its own. */
	readonly answerMs: number;
	/** Milliseconds without a byte after that. */
	readonly silenceMs: number;
	readonly bodyBytesMax: number;
};

/**
 * `fault`: may pass by itself. `missing`: 404. `deleted`: 410. `damaged`: the server cannot read
 * its disk, and asking again does not help. Every other failure throws.
 */
export type Reply =
	| { readonly kind: "ok"; readonly body: Buffer; readonly etag: string | undefined }
	| { readonly kind: "not-modified" | "missing" | "deleted" | "too-large" }
	| { readonly kind: "damaged"; readonly reason: string }
	| { readonly kind: "fault"; readonly reason: string; readonly retryAfterMs: number };

/** The part of an error body that is read for its reason. */
const PROBLEM_BYTES_MAX = 64 * 1024;
const RETRIED = new Set([408, 425, 429]);

/**
 * @throws ReadError `refused`, `history-replaced`
 * @throws the reason of `signal` if that ended it
 */
export async function get(
	request: Request,
	fetcher: typeof fetch,
	signal: AbortSignal,
): Promise<Reply> {
	signal.throwIfAborted();
	const stop = new AbortController();
	const onAbort = () => stop.abort(signal.reason);
	signal.addEventListener("abort", onAbort);
	const silent = () => stop.abort(new Error("no answer in time"));
	let timer = setTimeout(silent, request.answerMs);
	const alive = () => {
		clearTimeout(timer);
		timer = setTimeout(silent, request.silenceMs);
	};
	try {
		const response = await fetcher(request.url, {
			headers: request.headers,
			signal: stop.signal,
		});
		alive();
		return await classify(response, request, alive);
	} catch (error) {
		// Half an answer may be left in the connection, so the connection cannot be used again.
		stop.abort();
		signal.throwIfAborted();
		if (error instanceof ReadError) throw error;
		return { kind: "fault", reason: reasonOf(error), retryAfterMs: 0 };
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", onAbort);
	}
}

async function classify(response: Response, request: Request, alive: () => void): Promise<Reply> {
	const { status } = response;
	if (status === 304) return { kind: "not-modified" };
	if (status === 200) {
		const body = await readBody(response, request.bodyBytesMax, alive);
		if (body === undefined) return { kind: "too-large" };
		return { kind: "ok", body, etag: response.headers.get("etag") ?? undefined };
	}
	const body = (await readBody(response, PROBLEM_BYTES_MAX, alive)) ?? Buffer.alloc(0);
	const problem = problemOf(body);
	// For a reader, a page too large to make is the same as a page too large to receive.
	if (status === 413 || problem.type.endsWith("page-too-large")) return { kind: "too-large" };
	if (status === 404 && !problem.type.endsWith("route-not-found")) return { kind: "missing" };
	if (status === 410 && problem.type.endsWith("history-replaced")) {
		const message = `${request.url} belongs to a history that was replaced; read again from the start`;
		throw new ReadError("history-replaced", request.url, message, status);
	}
	if (status === 410) return { kind: "deleted" };
	const reason = `${status} ${problem.reason || response.statusText}`.trim();
	if (problem.type.endsWith("log-damaged")) return { kind: "damaged", reason };
	if (status >= 500 || RETRIED.has(status)) {
		const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), Date.now());
		return { kind: "fault", reason, retryAfterMs };
	}
	throw new ReadError("refused", request.url, `the answer to ${request.url} is ${reason}`, status);
}

/** The whole body; undefined if it exceeds `bytesMax`. */
async function readBody(
	response: Response,
	bytesMax: number,
	alive: () => void,
): Promise<Buffer | undefined> {
	if (!response.body) return Buffer.alloc(0);
	const reader = response.body.getReader();
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return Buffer.concat(chunks, bytes);
		alive();
		bytes += value.byteLength;
		if (bytes > bytesMax) {
			// The answer is complete, so it does not matter if the connection closes cleanly.
			await reader.cancel().catch(() => undefined);
			return undefined;
		}
		chunks.push(value);
	}
}

/** The reason in an RFC 9457 body; otherwise the text itself, cut to a line. */
function problemOf(body: Buffer): { type: string; reason: string } {
	const text = body.toString();
	try {
		const { type, title, detail } = JSON.parse(text) as { [member: string]: unknown };
		const reason = detail ?? title;
		return {
			type: typeof type === "string" ? type : "",
			reason: typeof reason === "string" ? reason : "",
		};
	} catch {
		return { type: "", reason: text.slice(0, 200).replace(/\s+/g, " ").trim() };
	}
}

/** `fetch` says "fetch failed" and keeps what happened in its cause. */
function reasonOf(error: unknown): string {
	const { message, cause } = error as { message?: unknown; cause?: unknown };
	const { message: within, code } = (cause ?? {}) as { message?: unknown; code?: unknown };
	const told = transportFault(cause) ?? (within || code);
	return [message ?? error, told].filter(Boolean).join(": ");
}
