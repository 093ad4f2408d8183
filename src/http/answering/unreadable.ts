/**
 * Requests that never reach a route: bytes that are no HTTP, and request lines in their rarer
 * forms.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Refusal, type RequestRefusals } from "../../errors.ts";
import type { RequestLog } from "../../observe/requests.ts";
import { headersTooLarge } from "../request/fields.ts";
import type { Connections } from "../sockets/connections.ts";
import { problem } from "./problems.ts";

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
	requests: RequestLog,
): void {
	if (!socket.writable || error.code === "ECONNRESET") {
		socket.destroy();
		return;
	}
	connections.whenAnswered(socket, (broken) => {
		if (!socket.writable) socket.destroy();
		else if (broken?.headersSent) closeAfter(broken, socket);
		else if (error.code === "HPE_CLOSED_CONNECTION") closeGently(socket);
		else closeGently(socket, messageOf(error, requests));
	});
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

function messageOf(error: Error, requests: RequestLog): Buffer {
	const { status, headers, body = "" } = problem(refusalOf(error));
	const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
	if (!headers.includes("Connection")) lines.push("Connection: close");
	for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
	const message = [Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), Buffer.from(body)];
	const whole = Buffer.concat(message);
	requests.unreadable(status, whole.length);
	return whole;
}

function refusalOf(
	error: Error & { code?: string; reason?: unknown },
): Refusal<keyof RequestRefusals> {
	if (error.code === "HPE_HEADER_OVERFLOW") {
		return headersTooLarge();
	}
	if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return new Refusal("request-too-slow", {});
	const reason = typeof error.reason === "string" ? error.reason : error.message;
	return new Refusal("malformed-http", { reason: reason.slice(0, 128) });
}
