/**
 * An answer, before it is written to a socket. Handlers return it; both lanes of the front door
 * send it with the same function, so that the bytes cannot differ: `send.ts`.
 */
import type { Head } from "../sockets/head.ts";

export type Answer = Head & {
	/** Text is short, and has a character for each byte: see `Document`. */
	readonly body?: Uint8Array | string | undefined;
	/** Present if no page of another origin may read it, whatever `--cors-origin` says. */
	readonly isForOwnOrigin?: true;
	/** In place of a body, one that is made while it is sent; see `pump.ts`. */
	readonly chunks?: Chunks;
	/** For the audit: what the deed was about, if the URL of its request does not say so. */
	readonly about?: string;
};

export type Chunks = AsyncIterable<string | Uint8Array>;

/** A body of text: its type, its length and its bytes. */
export function textAnswer(
	status: number,
	contentType: string,
	text: string,
	headers: readonly string[] = [],
): Answer {
	return bytesAnswer(status, contentType, Buffer.from(text), headers);
}

/** The same of bytes. */
export function bytesAnswer(
	status: number,
	contentType: string,
	body: Uint8Array,
	headers: readonly string[] = [],
): Answer {
	return {
		status,
		headers: [...headers, "Content-Type", contentType, "Content-Length", String(body.length)],
		body,
	};
}
