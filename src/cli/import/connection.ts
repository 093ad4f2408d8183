/**
 * One connection to the server: it sends a request as text, waits for the answer, then sends the
 * next.
 *
 * `node:http` costs 75 µs of a processor for each small request, this costs 17 (measured with the
 * same loop against the same server), and an import often shares its cores with its server. It
 * implements only the part of HTTP/1.1 (RFC 9112) that an import needs, and is strict about it.
 */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import { trusted } from "../reading/trust.ts";

export type Answer = {
	readonly status: number;
	readonly reason: string;
	/** The header lines as they came. */
	readonly head: string;
	readonly body: string;
};

/** A server that is silent for so long counts as dead; its own request timeout is 30 s. */
const SILENCE_MS_MAX = 90_000;
/** No answer to an append is nearly as large. */
const ANSWER_BYTES_MAX = 1024 * 1024;

/** An address is no name to ask for (RFC 6066 section 3). */
function nameOf(host: string): { readonly servername?: string } {
	return isIP(host) === 0 ? { servername: host } : {};
}

type Waiting = { resolve(answer: Answer): void; reject(error: Error): void };

export class Connection {
	readonly #url: URL;
	#socket: Socket | undefined;
	#received = "";
	#waiting: Waiting | undefined;

	constructor(url: URL) {
		this.#url = url;
	}

	/**
	 * Sends a request, one at a time. It connects first if there is no connection (any more).
	 * @param request head and body, one character for each byte
	 * @throws the socket's error; the server may or may not have acted on the request
	 */
	request(request: string): Promise<Answer> {
		return new Promise((resolve, reject) => {
			this.#waiting = { resolve, reject };
			this.#socket ??= this.#connect();
			this.#socket.write(request, "latin1");
		});
	}

	close(): void {
		this.#socket?.destroy();
	}

	#connect(): Socket {
		const { hostname, port, protocol } = this.#url;
		const secure = protocol === "https:";
		// The URL writes an IPv6 address in brackets, a socket does not.
		const host = hostname.replace(/^\[|\]$/g, "");
		const at = { host, port: Number(port || (secure ? 443 : 80)) };
		const socket = secure
			? connectSecure({ ...at, ...nameOf(host), ...trusted() })
			: connectPlain(at);
		socket.setNoDelay(true);
		socket.setTimeout(SILENCE_MS_MAX);
		socket.setEncoding("latin1");
		let failure: Error | undefined;
		socket.on("data", (text: string) => this.#receive(socket, text));
		socket.on("timeout", () => socket.destroy(this.#waiting && new Error("the server is silent")));
		socket.on("error", (error) => {
			failure = error;
		});
		socket.on("close", () => {
			if (this.#socket !== socket) return;
			this.#socket = undefined;
			this.#end(failure);
		});
		return socket;
	}

	#receive(socket: Socket, text: string): void {
		this.#received += text;
		const parsed = parseAnswer(this.#received, false);
		if (parsed === undefined) {
			if (this.#received.length > ANSWER_BYTES_MAX) socket.destroy(new Error("endless answer"));
			return;
		}
		this.#received = this.#received.slice(parsed.end);
		if (this.#waiting === undefined || parsed.last) {
			this.#socket = undefined;
			socket.destroy();
		}
		this.#settle(parsed.answer);
	}

	/** The connection is gone: the answer ends here, or there is none. */
	#end(failure: Error | undefined): void {
		const parsed = failure ? undefined : parseAnswer(this.#received, true);
		this.#received = "";
		if (parsed) this.#settle(parsed.answer);
		else {
			const waiting = this.#waiting;
			this.#waiting = undefined;
			waiting?.reject(failure ?? new Error("the server closed the connection"));
		}
	}

	#settle(answer: Answer): void {
		const waiting = this.#waiting;
		this.#waiting = undefined;
		waiting?.resolve(answer);
	}
}

type Parsed = { readonly answer: Answer; readonly end: number; readonly last: boolean };

/** The first whole answer in `text`; undefined as long as it is incomplete. */
function parseAnswer(text: string, closed: boolean): Parsed | undefined {
	const headEnd = text.indexOf("\r\n\r\n");
	if (headEnd < 0) return undefined;
	const start = headEnd + 4;
	const head = text.slice(0, headEnd + 2);
	const line = /^HTTP\/1\.[01] (\d{3}) ?(.*)\r\n/.exec(head);
	const status = Number(line?.[1]);
	// Interim answers are skipped (RFC 9110 section 15.2).
	if (status >= 100 && status < 200) {
		const next = parseAnswer(text.slice(start), closed);
		return next && { ...next, end: next.end + start };
	}
	const content = bodyOf(text, start, head, status, closed);
	if (content === undefined) return undefined;
	const last = closed || /^connection:[ \t]*close/im.test(head) || Number.isNaN(status);
	const answer = { status, reason: line?.[2] ?? "", head, body: content.body };
	return { answer, end: content.end, last };
}

/** RFC 9112 section 6.3: how long a body is. */
function bodyOf(text: string, start: number, head: string, status: number, closed: boolean) {
	if (status === 204 || status === 304) return { body: "", end: start };
	if (/^transfer-encoding:[ \t]*chunked/im.test(head)) return chunkedBody(text, start);
	const length = /^content-length:[ \t]*(\d+)/im.exec(head)?.[1];
	const end = length === undefined ? text.length : start + Number(length);
	if (length === undefined ? !closed : text.length < end) return undefined;
	return { body: text.slice(start, end), end };
}

function chunkedBody(text: string, start: number) {
	let body = "";
	for (let at = start; ; ) {
		const lineEnd = text.indexOf("\r\n", at);
		if (lineEnd < 0) return undefined;
		const size = Number.parseInt(text.slice(at, lineEnd), 16);
		const end = lineEnd + 2 + size;
		// After the last chunk come trailers, which the server does not send, and an empty line.
		if (size === 0) {
			const close = text.indexOf("\r\n", lineEnd + 2);
			return close < 0 ? undefined : { body, end: close + 2 };
		}
		if (!(text.length >= end + 2)) return undefined;
		body += text.slice(lineEnd + 2, end);
		at = end + 2;
	}
}

/** The value of one header of an answer. */
export function headerOf(answer: Answer, name: string): string | undefined {
	return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, "im").exec(answer.head)?.[1];
}
