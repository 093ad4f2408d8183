/**
 * One request to a target, on a connection of its own: to an address that was looked at, without a
 * proxy, a redirect, or a second try. If there is no connection, the next of its addresses is
 * tried: nothing was sent then. Its status decides as soon as it is there; of the body the
 * beginning is read, for the log of attempts, and no more than a bound of bytes and of time.
 */
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { BlockList } from "node:net";
import type { Resolver } from "../targets/lookups.ts";
import { type Place, place } from "../targets/resolve.ts";
import {
	type Outcome,
	type OutcomeWord,
	reasonOfStatus,
	retryAfterIn,
	wordOfStatus,
} from "./outcome.ts";

export type Posted = {
	readonly method?: "GET" | "POST";
	readonly url: string;
	/** Names and values in turn; `Host` and `Content-Length` are not among them. */
	readonly headers: readonly string[];
	readonly body: Uint8Array;
	/** For all of it: the look-up, the connection, the request and the head of the answer. */
	readonly timeoutMs: number;
};

/** The operator's word on where requests may go. */
export type Ways = {
	readonly allowed: BlockList | undefined;
	/** Authorities of certificates in place of the usual ones, in PEM. */
	readonly ca: string | undefined;
	/** In place of the system's, in tests of the guard. */
	readonly resolve?: Resolver;
};

/** No more of the body of an answer is read; the rest is dropped with the connection. */
export const ANSWER_BYTES_MAX = 64 * 1024;
/** The body of an answer decides nothing: a target that drips it gets no more time than this. */
const ANSWER_MS_MAX = 1000;
/** A connection takes a second or so, or comes never; see `exchange`. */
const CONNECT_MS_MAX = 3000;
/** So much of it stands in the log of attempts. */
const SHOWN_BYTES = 1024;
const HEAD_BYTES_MAX = 16 * 1024;
const NOTHING = { status: undefined, answer: "", address: undefined, retryAfterMs: undefined };

/** @param stop ends the attempt, whose outcome is then `stopped` */
export async function post(posted: Posted, ways: Ways, stop: AbortSignal): Promise<Outcome> {
	const over = new AbortController();
	const timer = setTimeout(() => over.abort("timeout"), posted.timeoutMs);
	const end = () => over.abort("stopped");
	stop.addEventListener("abort", end);
	if (stop.aborted) end();
	try {
		const found = await untilOver(place(posted.url, ways.allowed, ways.resolve), over.signal);
		if (found === undefined) return overOutcome(over.signal, posted, undefined);
		if ("fault" in found) {
			const word = found.fault === "refused" ? "refused-address" : "unresolved";
			return { ...NOTHING, word, reason: found.reason };
		}
		return await exchange(posted, found, ways, over.signal);
	} finally {
		clearTimeout(timer);
		stop.removeEventListener("abort", end);
	}
}

/** A look-up cannot be called back; its answer is of no use any more. */
async function untilOver<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
	if (signal.aborted) return undefined;
	return new Promise((resolve, reject) => {
		signal.addEventListener("abort", () => resolve(undefined), { once: true });
		work.then(resolve, reject);
	});
}

/** Connects to one address after another, as long as there is no connection. */
async function exchange(
	posted: Posted,
	to: Place,
	ways: Ways,
	signal: AbortSignal,
): Promise<Outcome> {
	const { addresses } = to;
	// Each gets a part of the time, and the last one what is left.
	const partMs = Math.min(CONNECT_MS_MAX, posted.timeoutMs / (addresses.length + 1));
	for (const [index, address] of addresses.entries()) {
		const isLast = index === addresses.length - 1;
		const call = { ...to, address, connectMs: isLast ? posted.timeoutMs : partMs };
		const { outcome, isConnected } = await callOne(posted, call, ways, signal);
		if (isConnected || signal.aborted || addresses.length === 1) return outcome;
		const reason = `${outcome.reason} (of ${addresses.length} addresses)`;
		if (isLast) return { ...outcome, reason };
	}
	throw new Error("a name without an address is none to connect to");
}

type Call = Place & { readonly address: string; readonly connectMs: number };
type Called = { readonly outcome: Outcome; readonly isConnected: boolean };

function callOne(posted: Posted, to: Call, { ca }: Ways, signal: AbortSignal): Promise<Called> {
	return new Promise((resolve) => {
		let isAnswered = false;
		let isConnected = false;
		const timer = setTimeout(() => req?.destroy(lateError()), to.connectMs);
		const done = (outcome: Outcome) => {
			clearTimeout(timer);
			resolve({ outcome, isConnected });
		};
		const failed = (error: Error) => {
			// Its head has decided; what becomes of the body changes nothing.
			if (isAnswered) return;
			if (signal.aborted) done(overOutcome(signal, posted, to.address));
			else done({ ...NOTHING, ...faultOf(error), address: to.address });
		};
		let req: ClientRequest | undefined;
		try {
			req = open(posted, to, ca, signal);
		} catch (error) {
			failed(error as Error);
			return;
		}
		req.on("error", failed);
		req.on("socket", (socket) => {
			socket.once("connect", () => {
				isConnected = true;
				clearTimeout(timer);
			});
		});
		req.on("response", (res) => {
			isAnswered = true;
			readAnswer(res, signal).then((answer) => {
				req?.destroy();
				done(outcomeOf(res, answer, to.address));
			});
		});
		// A protocol of its own is no answer to this request.
		req.on("upgrade", (res, socket) => {
			socket.destroy();
			done(outcomeOf(res, "", to.address));
		});
		req.end(posted.body);
	});
}

function lateError(): Error {
	return Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" });
}

function open(
	{ method = "POST", headers, body }: Posted,
	{ address, host, port, isTls, serverName, path }: Call,
	ca: string | undefined,
	signal: AbortSignal,
): ClientRequest {
	const fields = ["Host", host, ...headers, "Connection", "close"];
	if (method === "POST") fields.push("Content-Length", String(body.length));
	const options = {
		host: address,
		port,
		method,
		path,
		headers: fields,
		// Another agent might look a name up again, or go by way of a proxy.
		agent: false as const,
		maxHeaderSize: HEAD_BYTES_MAX,
		insecureHTTPParser: false,
		signal,
	};
	if (!isTls) return requestHttp(options);
	const trust = ca === undefined ? {} : { ca };
	return requestHttps({
		...options,
		...trust,
		servername: serverName ?? "",
		rejectUnauthorized: true,
	});
}

/** The beginning of the body. That the rest is missing, or late, changes no status. */
function readAnswer(res: IncomingMessage, signal: AbortSignal): Promise<string> {
	return new Promise((resolve) => {
		const shown: Buffer[] = [];
		let bytes = 0;
		const done = () => {
			clearTimeout(timer);
			const text = Buffer.concat(shown).subarray(0, SHOWN_BYTES).toString();
			resolve(text);
		};
		const timer = setTimeout(done, ANSWER_MS_MAX);
		signal.addEventListener("abort", done, { once: true });
		res.on("data", (chunk: Buffer) => {
			if (bytes < SHOWN_BYTES) shown.push(chunk);
			bytes += chunk.length;
			if (bytes >= ANSWER_BYTES_MAX) done();
		});
		res.on("error", done);
		res.on("close", done);
		res.on("end", done);
	});
}

function outcomeOf(
	{ statusCode = 0, headers }: IncomingMessage,
	answer: string,
	address: string,
): Outcome {
	return {
		word: wordOfStatus(statusCode),
		status: statusCode,
		reason: reasonOfStatus(statusCode),
		answer,
		address,
		retryAfterMs: retryAfterIn(headers["retry-after"], Date.now()),
	};
}

function overOutcome(
	signal: AbortSignal,
	{ timeoutMs }: Posted,
	address: string | undefined,
): Outcome {
	if (signal.reason === "stopped") {
		return { ...NOTHING, word: "stopped", reason: "the server stopped", address };
	}
	return { ...NOTHING, word: "timeout", reason: `no answer within ${timeoutMs} ms`, address };
}

function faultOf(error: Error): { readonly word: OutcomeWord; readonly reason: string } {
	const { code = "" } = error as NodeJS.ErrnoException;
	if (code.startsWith("HPE_"))
		return { word: "not-http", reason: `the answer is no HTTP: ${code}` };
	if (isTlsFault(code, error)) return { word: "tls", reason: `TLS failed: ${code}` };
	if (code === "ECONNRESET") {
		return { word: "connection", reason: "the target closed the connection before it answered" };
	}
	return { word: "connection", reason: `no connection: ${code || error.message}`.slice(0, 200) };
}

function isTlsFault(code: string, error: Error): boolean {
	const isOfCertificate = /CERT|SELF_SIGNED|UNABLE_TO|SIGNATURE|ISSUER/.test(code);
	return (
		isOfCertificate ||
		code.startsWith("ERR_TLS") ||
		code.startsWith("ERR_SSL") ||
		/\bSSL\b/.test(error.message) ||
		code === "EPROTO"
	);
}
