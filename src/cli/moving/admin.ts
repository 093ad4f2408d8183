/**
 * Requests to the routes of a server that move a log. Each may be sent again: an import compares
 * what the server has already.
 */
import { type Answer, exchange } from "../../../feeds/exchange/exchange.ts";
import {
	describeAnswer,
	isPassing,
	type Problem,
	problemIn,
} from "../../../feeds/exchange/problem.ts";
import type { Fetcher } from "../../../feeds/exchange/transport.ts";
import type { Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { FirstAnswer } from "../reading/first-answer.ts";
import { credentials, number, text } from "../verb.ts";

/** A server, and how long to ask it. */
export type Server = {
	readonly url: string;
	readonly headers: Readonly<Record<string, string>>;
	/** How long a request is tried again; 0 for ever. */
	readonly retryMsMax: number;
	readonly signal: AbortSignal;
	readonly fetch: Fetcher;
	/** Called with the reason when a wait begins, with the number of this fault in a row. */
	onWait(reason: string, faults: number, delayMs: number): void;
};

/** How long a verb that reads a server tries again. */
const RETRY_MS_MAX = 30_000;

/** The server of `--url`, for a verb that reads it; one that is not there is a failure at once. */
export function readServer(values: Values, signal: AbortSignal): Server {
	return serverOf(values, signal, RETRY_MS_MAX, false);
}

/** The server of `--url`, for a verb that waits for it as long as `--retry-seconds` says. */
export function writtenServer(values: Values, signal: AbortSignal): Server {
	return serverOf(values, signal, number(values, "retrySeconds") * 1000, true);
}

function serverOf(values: Values, signal: AbortSignal, retryMsMax: number, waits: boolean): Server {
	const url = text(values, "url");
	const { fetch, onRetry } = new FirstAnswer(url, waits);
	return {
		url,
		headers: credentials(values),
		retryMsMax,
		signal,
		fetch,
		onWait: (reason, faults, delayMs) => onRetry({ url, reason, faults, delayMs }),
	};
}

export type Reply = {
	readonly status: number;
	readonly body: Uint8Array;
	/** The refusal, if Varve itself refused. */
	readonly problem: Problem | undefined;
	/** What came, in one line. */
	readonly seen: string;
};

/** The reading or writing of one span may wait for a slow disk. */
const ANSWER_MS = 60_000;
/** An export answers with 4 MiB of content or one event, in Base64 or not. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const BACK_OFF_MS_MIN = 100;
const BACK_OFF_MS_MAX = 10_000;
const NOTHING = new Uint8Array(0);

/**
 * Asks until there is an answer that waiting would not change.
 * @param path behind the server's URL
 * @throws Failure if there is none in time; the reason of the signal
 */
export async function ask(
	server: Server,
	method: "GET" | "POST",
	path: string,
	body?: Uint8Array<ArrayBuffer>,
): Promise<Reply> {
	const startedAt = Date.now();
	for (let attempts = 1; ; attempts++) {
		const reply = await askOnce(server, method, path, body);
		if (typeof reply !== "string" && !passes(reply)) return reply;
		const reason = typeof reply === "string" ? reply : (reply.problem?.detail ?? reply.seen);
		const pauseMs = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS_MIN * 2 ** Math.min(attempts, 10));
		if (server.retryMsMax > 0 && Date.now() - startedAt + pauseMs > server.retryMsMax) {
			throw new Failure(`${server.url}: ${reason}`);
		}
		server.onWait(reason, attempts, pauseMs);
		await pause(pauseMs, server.signal);
	}
}

/** The JSON object in an answer of 200; undefined if there is none. */
export function objectIn({ status, body }: Reply): Readonly<Record<string, unknown>> | undefined {
	if (status !== 200) return undefined;
	try {
		const value: unknown = JSON.parse(Buffer.from(body).toString());
		return typeof value === "object" && value !== null
			? (value as Readonly<Record<string, unknown>>)
			: undefined;
	} catch {
		return undefined;
	}
}

/** @returns the reason, if there was no answer */
async function askOnce(
	{ url, headers, signal, fetch }: Server,
	method: "GET" | "POST",
	path: string,
	body: Uint8Array<ArrayBuffer> | undefined,
): Promise<Reply | string> {
	const target = url.replace(/\/$/, "") + path;
	const answer = await exchange(
		{
			method,
			url: target,
			headers: body === undefined ? {} : { "content-type": "application/x-ndjson" },
			own: { origin: new URL(target).origin, headers },
			...(body === undefined ? {} : { body }),
			limits: { answerMs: ANSWER_MS, silenceMs: ANSWER_MS, bodyBytesMax: BODY_BYTES_MAX },
		},
		fetch,
		signal,
	);
	if (!("unanswered" in answer)) return replyOf(answer);
	if (answer.unreachable !== undefined) throw new Failure(answer.unreachable);
	return answer.unanswered;
}

function replyOf({ status, statusText, headers, body = NOTHING }: Answer): Reply {
	const type = headers.get("content-type");
	const problem = problemIn(status, type, body);
	return { status, body, problem, seen: describeAnswer(status, statusText, type, body) };
}

/** Whether the same request may be answered otherwise later. */
function passes({ status, problem }: Reply): boolean {
	if (problem) return isPassing(problem);
	return status >= 500 || status === 429;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
	return new Promise((resolve, reject) => {
		const onAbort = () => {
			clearTimeout(timer);
			reject(signal.reason);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener("abort", onAbort);
			resolve();
		}, ms);
		signal.addEventListener("abort", onAbort);
	});
}
