/**
 * Requests that never reach a route: bytes that are no HTTP, and request lines in their rarer
 * forms.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Refusal, type RequestRefusals } from "../../errors.ts";
import { headersTooLarge } from "../request/fields.ts";
import { isRecorded } from "../sockets/connection.ts";
import type { Connections } from "../sockets/connections.ts";
import { problem } from "./problems.ts";

/** Hears of each answer: its status and its bytes. */
type Told = (status: number, bytes: number) => void;

/** The time a client has to close a connection that it has read to the end. */
const CLOSING_MS = 5_000;
const NOTHING = new Uint8Array(0);

const ABSOLUTE = /^https?:\/\/([^/?#]*)([^#]*)/i;

/**
 * A request line may hold a whole URL. Its host then counts, whatever `Host` says (RFC 9112 section
 * 3.2.2).
 */
export function takeAbsoluteUrl(req: IncomingMessage): void {
	const match = ABSOLUTE.exec(req.url ?? "");
	if (!match) return;
	const [, host = "", path = ""] = match;
	req.headers.host = host;
	req.url = path.startsWith("/") ? path : `/${path}`;
}

/**
 * Answers bytes that node:http could not read, and closes the connection, once the requests before
 * them have their answers: an append among them is carried out, and its client needs the outcome.
 * Bytes after a request with `Connection: close` are not answered.
 */
export function refuseUnreadable(
	error: Error & { code?: string },
	socket: Duplex,
	connections: Connections,
	bodyBytesMax: number,
	tell: Told,
): void {
	// A TLS handshake that failed comes here, too, with a socket on which nothing can be said.
	if (!socket.writable || error.code === "ECONNRESET" || !isRecorded(socket)) {
		socket.destroy();
		return;
	}
	const end = (broken: ServerResponse | undefined) => {
		if (!socket.writable) socket.destroy();
		else if (broken?.headersSent) closeAfter(broken, socket);
		else if (error.code === "HPE_CLOSED_CONNECTION") closeGently(socket);
		else closeGently(socket, messageOf(refusalOf(error, broken, bodyBytesMax), tell));
	};
	// The bytes before these, even of the same read, may be refused by the request's own handler:
	// that comes first, however the bytes were cut into packets.
	connections.whenAnswered(socket, (broken) => setImmediate(end, broken));
}

/** The request that broke off has its answer already; one that is still being made breaks off. */
function closeAfter(answer: ServerResponse, socket: Duplex): void {
	if (!answer.writableEnded) socket.destroy();
	else if (answer.writableFinished) closeGently(socket);
	else answer.once("finish", () => closeGently(socket));
}

/**
 * The client closes the connection itself, so that it gets all that was written: if the server
 * closed it with unread bytes, it would be reset. But the client has only `CLOSING_MS` for it.
 */
function closeGently(socket: Duplex, message: Uint8Array = NOTHING): void {
	socket.end(message, () => {
		if (socket instanceof Socket) socket.setTimeout(CLOSING_MS);
	});
}

function messageOf(refusal: Refusal<keyof RequestRefusals>, tell: Told): Buffer {
	const { status, headers, body = "" } = problem(refusal);
	const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
	if (!headers.includes("Connection")) lines.push("Connection: close");
	for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
	const message = [Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), Buffer.from(body)];
	const whole = Buffer.concat(message);
	tell(status, whole.length);
	return whole;
}

/** @param broken the response to the request that broke off, if there is one */
function refusalOf(
	error: Error & { code?: string; reason?: unknown },
	broken: ServerResponse | undefined,
	bodyBytesMax: number,
): Refusal<keyof RequestRefusals> {
	// A request that waited for its turn has no handler yet, and all of its body in this buffer.
	if (broken && broken.req.readableLength > bodyBytesMax) {
		return new Refusal("body-too-large", { bodyBytesMax });
	}
	if (error.code === "HPE_HEADER_OVERFLOW") {
		return headersTooLarge();
	}
	if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return new Refusal("request-too-slow", {});
	const reason = typeof error.reason === "string" ? error.reason : error.message;
	return new Refusal("malformed-http", { reason: reason.slice(0, 128) });
}
