/**
 * Requests that never reach a route: bytes that are no HTTP, and request lines in their rarer
 * forms.
 */
import { type IncomingMessage, maxHeaderSize, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Refusal, type RequestRefusals } from "../../errors.ts";
import type { Connections } from "../connections.ts";
import { problem } from "../problems.ts";

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
 * Answers bytes that node:http could not read, and closes the connection, once what came before
 * them has its answer: an append among that is carried out, and its client wants to know. Bytes
 * behind a request that was to be the last are not answered.
 */
export function refuseUnreadable(
	error: Error & { code?: string },
	socket: Duplex,
	connections: Connections,
): void {
	if (!socket.writable || error.code === "ECONNRESET") {
		socket.destroy();
		return;
	}
	connections.whenAnswered(socket, (broken) => {
		if (broken?.headersSent || !socket.writable) socket.destroy();
		else if (error.code === "HPE_CLOSED_CONNECTION") socket.end();
		else socket.end(messageOf(error));
	});
}

function messageOf(error: Error): Buffer {
	const { status, headers, body = "" } = problem(refusalOf(error));
	const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`];
	if (!headers.includes("Connection")) lines.push("Connection: close");
	for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`);
	return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), Buffer.from(body)]);
}

function refusalOf(
	error: Error & { code?: string; reason?: unknown },
): Refusal<keyof RequestRefusals> {
	if (error.code === "HPE_HEADER_OVERFLOW") {
		return new Refusal("headers-too-large", { headerBytesMax: maxHeaderSize });
	}
	if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return new Refusal("request-too-slow", {});
	const reason = typeof error.reason === "string" ? error.reason : error.message;
	return new Refusal("malformed-http", { reason: reason.slice(0, 128) });
}
