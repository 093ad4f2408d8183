/**
 * An answer, before it is written to a socket. Handlers return it; both lanes of the front door
 * send it with the same function, so that the bytes cannot differ.
 */
import type { ServerResponse } from "node:http";

export type Answer = {
	readonly status: number;
	/** The reason phrase, where clients recognise an outcome by it; else HTTP's own. */
	readonly reason?: string;
	/** Names and values in turn: name, value, name, value … */
	readonly headers: readonly string[];
	readonly body?: Uint8Array | undefined;
};

/** Writes an answer. Node leaves out the body of a HEAD answer by itself, and keeps its length. */
export function send(res: ServerResponse, answer: Answer): void {
	if (res.destroyed || res.headersSent) return;
	if (answer.reason === undefined) res.writeHead(answer.status, answer.headers as string[]);
	else res.writeHead(answer.status, answer.reason, answer.headers as string[]);
	res.end(answer.body);
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
