/**
 * An answer, before it is written to a socket. Handlers return it; both lanes of the front door
 * send it with the same function, so that the bytes cannot differ.
 */
import type { ServerResponse } from "node:http";
import { answered } from "./connections.ts";
import { startStallClock } from "./streaming/stall.ts";
import type { Cors } from "./transport/cors.ts";

export type Answer = {
	readonly status: number;
	/** The reason phrase, where clients recognise an outcome by it; else HTTP's own. */
	readonly reason?: string;
	/** Names and values in turn: name, value, name, value … */
	readonly headers: readonly string[];
	readonly body?: Uint8Array | undefined;
	/** In place of a body, one that is made while it is sent; see `streaming/pump.ts`. */
	readonly chunks?: Chunks;
};

export type Chunks = AsyncIterable<string | Uint8Array>;
/** A short answer is in the system's buffers at once. */
const AT_ONCE_BYTES = 64 * 1024;

/** Answers given before any handler saw the resource: nothing is allowed there (contract 0.4). */
const BEFORE_HANDLERS: ReadonlySet<number> = new Set([406, 415, 500]);

/** Writes an answer. Node leaves out the body of a HEAD answer by itself, and keeps its length. */
export function send(res: ServerResponse, answer: Answer, cors: Cors): void {
	if (res.destroyed || res.headersSent) return;
	const { status, reason } = answer;
	const shared = BEFORE_HANDLERS.has(status) ? cors.refused : cors.headers;
	const headers = answer.headers.concat(shared);
	if (reason === undefined) res.writeHead(status, headers);
	else res.writeHead(status, reason, headers);
	res.end(answer.body);
	if ((answer.body?.length ?? 0) > AT_ONCE_BYTES) startStallClock(res);
	answered(res);
}

/** A body of text: its type, its length and its bytes. */
export function withText(
	status: number,
	contentType: string,
	text: string,
	headers: readonly string[] = [],
): Answer {
	const body = Buffer.from(text);
	return {
		status,
		headers: [...headers, "Content-Type", contentType, "Content-Length", String(body.length)],
		body,
	};
}
