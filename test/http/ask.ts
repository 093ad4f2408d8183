/** Requests as a client writes them: through node:http, or byte by byte on a socket of its own. */
import { type Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";

export type Ask = {
	readonly method?: string;
	/** Sent as it is. */
	readonly path: string;
	readonly headers?: OutgoingHttpHeaders;
	readonly body?: string | Uint8Array;
};

export type Reply = {
	readonly status: number;
	readonly reason: string;
	readonly headers: IncomingMessage["headers"];
	readonly rawHeaders: readonly string[];
	readonly body: Buffer;
	readonly text: string;
	/** The body as JSON. */
	readonly json: Json;
};

/** An answer as tests look at it: what is not there fails where it is compared. */
export type Json = { readonly [member: string]: unknown };

export const ATOM = "application/atom+xml";
export const ATOM_JSON = "application/vnd.eventstore.atom+json";
export const EVENTS_JSON = "application/vnd.eventstore.events+json";

export function ask(port: number, { method, path, headers, body }: Ask, agent?: Agent) {
	return new Promise<Reply>((resolve, reject) => {
		const options = {
			host: "127.0.0.1",
			port,
			method: method ?? (body === undefined ? "GET" : "POST"),
			path,
			headers: { ...lengthOf(body), ...headers },
			agent: agent ?? false,
		};
		const req = request(options, (res) => {
			readReply(res).then(resolve, reject);
		});
		req.on("error", reject);
		// A string would be sent in one piece with the headers, and those as UTF-8.
		req.end(body === undefined ? undefined : Buffer.from(body));
	});
}

async function readReply(res: IncomingMessage): Promise<Reply> {
	const chunks: Buffer[] = [];
	for await (const chunk of res) chunks.push(chunk as Buffer);
	const body = Buffer.concat(chunks);
	return {
		status: res.statusCode ?? 0,
		reason: res.statusMessage ?? "",
		headers: res.headers,
		rawHeaders: res.rawHeaders,
		body,
		text: body.toString(),
		get json() {
			return JSON.parse(body.toString()) as Json;
		},
	};
}

function lengthOf(body: string | Uint8Array | undefined): OutgoingHttpHeaders {
	return body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
}

/** A batch of events to append; `events` is sent as JSON. */
export function batch(stream: string, events: unknown, headers: OutgoingHttpHeaders = {}): Ask {
	return {
		path: `/streams/${encodeURIComponent(stream)}`,
		headers: { "Content-Type": EVENTS_JSON, ...headers },
		body: typeof events === "string" ? events : JSON.stringify(events),
	};
}

/** A GET. */
export function get(path: string, accept: string = ATOM_JSON, headers: OutgoingHttpHeaders = {}) {
	return { path, headers: { Accept: accept, ...headers } };
}

/**
 * Writes `bytes` (a string is taken as Latin-1) to a new connection.
 * @returns everything the server sends until it closes the connection, as Latin-1
 */
export function raw(port: number, bytes: string | Uint8Array): Promise<string> {
	const socket = open(port);
	socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
	return allOf(socket);
}

/** A connection whose errors are no one's concern: the server may reset it. */
export function open(port: number): Socket {
	return connect(port, "127.0.0.1").on("error", () => undefined);
}

/** What a socket receives until it closes, as Latin-1. */
export function allOf(socket: Socket): Promise<string> {
	return new Promise((resolve) => {
		let text = "";
		socket.setEncoding("latin1");
		socket.on("data", (chunk) => {
			text += chunk;
		});
		socket.on("close", () => resolve(text));
	});
}

/** A request's head as it goes over the wire, with a Host and closing the connection. */
export function head(line: string, ...headers: string[]): string {
	return `${[`${line} HTTP/1.1`, "Host: localhost", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;
}
