/**
 * One request and its answer, limited in time and size.
 *
 * The time-out limits silence, not the whole answer: a large page over a slow line may take long,
 * as long as bytes keep coming. Every way out clears the timer, removes the listener from `signal`
 * and releases the connection, so nothing keeps the process alive afterwards.
 *
 * Redirects are followed here and not by `fetch`, because `fetch` takes headers such as `x-api-key`
 * along to any host. What is meant for one origin is sent to that origin only.
 */
import {
	type Fetcher,
	type FetcherResponse,
	type Fields,
	neverConnects,
	transportFault,
} from "./transport.ts";

export type Request = {
	readonly method?: "GET" | "POST" | "PUT" | "DELETE";
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** Headers for one origin, because they may hold credentials. */
	readonly own: { readonly origin: string; readonly headers: Readonly<Record<string, string>> };
	readonly body?: Uint8Array<ArrayBuffer> | string;
	readonly limits: Limits;
};

export type Limits = {
	/** Milliseconds until the answer must begin; a long poll adds its own. */
	readonly answerMs: number;
	/** Milliseconds without a byte after that. */
	readonly silenceMs: number;
	readonly bodyBytesMax: number;
};

export type Answer = {
	readonly status: number;
	readonly statusText: string;
	readonly headers: Fields;
	/** Where it came from, which is elsewhere than was asked if there were redirects. */
	readonly url: string;
	/** Undefined if it has more bytes than `bodyBytesMax`. */
	readonly body: Uint8Array | undefined;
};

/**
 * Why there is no answer. The server may have acted on the request.
 * `hidden`: something answered, but `fetch` does not show it, as with each 407.
 */
export type NoAnswer = {
	readonly unanswered: string;
	readonly hidden: boolean;
	/** There never was a connection, and there never will be: the URL is wrong, or not trusted. */
	readonly unreachable?: string | undefined;
	/** What `fetch` threw. */
	readonly cause: unknown;
};

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Those that keep method and body (RFC 9110 section 15.4). */
const SAME_METHOD = new Set([307, 308]);
/** As many as a proxy that adds TLS, a name and a slash one by one would need, and some. */
const REDIRECTS_MAX = 5;

/** @throws the reason of `signal` if that ended it */
export async function exchange(
	request: Request,
	fetcher: Fetcher,
	signal: AbortSignal,
): Promise<Answer | NoAnswer> {
	signal.throwIfAborted();
	const stop = new AbortController();
	const onAbort = () => stop.abort(signal.reason);
	signal.addEventListener("abort", onAbort);
	const { answerMs, silenceMs, bodyBytesMax } = request.limits;
	const silent = () => stop.abort(new Error("no answer in time"));
	let timer = setTimeout(silent, answerMs);
	const alive = () => {
		clearTimeout(timer);
		timer = setTimeout(silent, silenceMs);
	};
	try {
		const { response, url } = await follow(request, fetcher, stop.signal);
		alive();
		const { status, statusText, headers } = response;
		const body = await readBody(response, bodyBytesMax, alive);
		return { status, statusText, headers, url, body };
	} catch (error) {
		// Half an answer may be left in the connection, so the connection cannot be used again.
		stop.abort();
		signal.throwIfAborted();
		return noAnswer(error);
	} finally {
		clearTimeout(timer);
		signal.removeEventListener("abort", onAbort);
	}
}

/** To parse a URL takes longer than all else here, and most of them are written in full. */
function isOf(origin: string, url: string): boolean {
	return url.startsWith(`${origin}/`) || new URL(url).origin === origin;
}

/** The first answer that is no redirect, or the redirect that is not followed. */
async function follow(
	request: Request,
	fetcher: Fetcher,
	signal: AbortSignal,
): Promise<{ readonly response: FetcherResponse; readonly url: string }> {
	const { method = "GET", headers, own, body } = request;
	let { url } = request;
	for (let hops = 0; ; hops++) {
		const response = await fetcher(url, {
			method,
			headers: isOf(own.origin, url) ? { ...own.headers, ...headers } : headers,
			...(body === undefined ? {} : { body }),
			redirect: "manual",
			signal,
		});
		const location = response.headers.get("location");
		if (!REDIRECTS.has(response.status) || location === null) {
			return { response, url };
		}
		const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
		if (hops === REDIRECTS_MAX || next === undefined || !/^https?:$/.test(next.protocol)) {
			return { response, url };
		}
		// Events go to nobody but the server they were meant for.
		const isRead = method === "GET";
		if (!isRead && !(SAME_METHOD.has(response.status) && next.origin === own.origin)) {
			return { response, url };
		}
		await response.body?.cancel();
		url = next.href;
	}
}

/** The whole body; undefined if it exceeds `bytesMax`. */
async function readBody(
	response: FetcherResponse,
	bytesMax: number,
	alive: () => void,
): Promise<Uint8Array | undefined> {
	if (!response.body) return new Uint8Array(0);
	const reader = response.body.getReader();
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for (;;) {
		const chunk = await reader.read();
		if (chunk.done) return joined(chunks, bytes);
		const { value } = chunk;
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

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
	if (chunks.length === 1) return chunks[0] as Uint8Array;
	const whole = new Uint8Array(bytes);
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.byteLength;
	}
	return whole;
}

/**
 * `fetch` says "fetch failed" and keeps what happened in its cause. If there is no connection, the
 * cause says so; an answer that the standard makes a failure (407, above all) has an empty cause.
 */
function noAnswer(error: unknown): NoAnswer {
	const { message, cause } = error as { message?: unknown; cause?: unknown };
	const { message: within, code } = (cause ?? {}) as { message?: unknown; code?: unknown };
	if (cause && !within && !code) {
		const what = "not an answer of Varve: 407 Proxy Authentication Required, or another";
		return { unanswered: `${what} that ${message} hides`, hidden: true, cause: error };
	}
	const unanswered = [message ?? error, transportFault(cause) ?? (within || code)]
		.filter(Boolean)
		.join(": ");
	return { unanswered, hidden: false, unreachable: neverConnects(cause), cause: error };
}
