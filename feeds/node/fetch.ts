/**
 * As much of `fetch` as the client uses, on `node:http`: of a page of a thousand events, the
 * `fetch` of Node.js takes two thirds of all a reader does, most of it for streams of its own.
 *
 * It follows no redirects, as the client follows them itself. Connections are kept alive.
 */
import { once } from "node:events";
import {
	type ClientRequest,
	Agent as HttpAgent,
	request as httpRequest,
	type IncomingMessage,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline, type Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { createBrotliDecompress, createUnzip } from "node:zlib";
import type { Fetcher, FetcherRequest, FetcherResponse } from "../exchange/transport.ts";

const httpAgent = new HttpAgent({ keepAlive: true });
const usual = new HttpsAgent({ keepAlive: true });

/** What `fetch` asks for by itself as well. */
const CODINGS = "br, gzip";
/** Statuses whose answers have no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * Stands in for `fetch` in `readStream`.
 * @throws TypeError if no answer comes; its cause is the fault of the connection
 */
export const nodeFetch: Fetcher = (url, init) => fetchBy(usual, url, init);

/**
 * As `nodeFetch`, for servers whose certificate a private authority has signed.
 * @param ca its certificate in PEM, in place of the authorities that Node.js knows
 */
export function fetchTrusting(ca: string): Fetcher {
	const agent = new HttpsAgent({ keepAlive: true, ca });
	return (url, init) => fetchBy(agent, url, init);
}

async function fetchBy(
	secure: HttpsAgent,
	url: string,
	init: FetcherRequest,
): Promise<FetcherResponse> {
	const target = new URL(url);
	for (let attempt = 1; ; attempt++) {
		// If a hundred readers of a process wait for one event, all of them get what has come for them
		// before the first one asks for more: to send takes longer than to read.
		await turn();
		init.signal.throwIfAborted();
		const req = start(secure, target, init);
		try {
			const [res] = (await once(req, "response")) as [IncomingMessage];
			// From here on, whoever reads the answer meets a fault.
			req.on("error", () => undefined);
			return responseOf(res);
		} catch (cause) {
			init.signal.throwIfAborted();
			// The server closed a connection that was kept, in the moment it was used again.
			const isStale = req.reusedSocket && init.method === "GET" && attempt === 1;
			if (!isStale) throw new TypeError("fetch failed", { cause });
		}
	}
}

function start(
	secure: HttpsAgent,
	target: URL,
	{ method, headers, body, signal }: FetcherRequest,
): ClientRequest {
	const isSecure = target.protocol === "https:";
	const request = isSecure ? httpsRequest : httpRequest;
	const agent = isSecure ? secure : httpAgent;
	const sent = { "accept-encoding": CODINGS, ...headers };
	const req = request(target, { method, headers: sent, agent, signal });
	req.end(body);
	return req;
}

function responseOf(res: IncomingMessage): FetcherResponse {
	const { statusCode: status = 0, statusMessage: statusText = "", headers } = res;
	const get = (name: string) => {
		const value = headers[name.toLowerCase()];
		return (Array.isArray(value) ? value.join(", ") : value) ?? null;
	};
	if (BODILESS.has(status)) {
		res.resume();
		return { status, statusText, headers: { get }, body: null };
	}
	return { status, statusText, headers: { get }, body: bodyOf(decoded(res)) };
}

function bodyOf(stream: Readable): FetcherResponse["body"] {
	const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
	const cancel = async () => {
		stream.destroy();
	};
	const read = async () => {
		const { done, value } = await chunks.next();
		return done ? ({ done: true } as const) : ({ done: false, value } as const);
	};
	return { cancel, getReader: () => ({ read, cancel }) };
}

function decoded(res: IncomingMessage): Readable {
	const coding = res.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
	if (coding === "identity") return res;
	const decoder = coding === "br" ? createBrotliDecompress() : createUnzip();
	// A fault of either ends the other, and is met by whoever reads.
	return pipeline(res, decoder, () => undefined);
}
