/**
 * Reads a request body, bounded.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../errors.ts";
import type { Budget } from "../sockets/budget.ts";
import { COUNTED_BYTES, incomingOf } from "../sockets/slow.ts";

const NOTHING = Buffer.alloc(0);

/** Whether the request announces a body beyond the limit. */
export function announcesTooMuch(req: IncomingMessage, bodyBytesMax: number): boolean {
	return Number(req.headers["content-length"] ?? 0) > bodyBytesMax;
}

/**
 * A body that is too large is refused at once, and its rest read and thrown away: closing the
 * connection would reset it, and with it our answer, before a client that is still sending reads
 * it. The request timeout bounds how long that lasts.
 * @returns the whole body
 * @throws Refusal `malformed-header`, `body-too-large`; `body-incomplete` if the client went away
 *   midway; `overloaded` if other bodies leave no room for this one, or need its room
 */
export function readBody(req: IncomingMessage, bodyBytesMax: number): Promise<Buffer> {
	refuseCodings(req);
	const incoming = incomingOf(req.socket);
	return new Promise((resolve, reject) => {
		let body: Buffer = NOTHING;
		let received = 0;
		let held = 0;
		let refused = false;
		const release = () => {
			if (held > 0) incoming.release(req);
			held = 0;
		};
		const refuse = (refusal: Refusal) => {
			refused = true;
			body = NOTHING;
			release();
			reject(refusal);
		};
		const refuseTooLarge = () => refuse(new Refusal("body-too-large", { bodyBytesMax }));
		const giveWay = () => refuse(tooMuchIncoming(incoming));
		const take = (chunk: Buffer) => {
			body = grown(body, received, chunk);
			const more = body.length > COUNTED_BYTES ? body.length - held : 0;
			if (more === 0) return;
			if (!incoming.hold(req, more, giveWay)) giveWay();
			else held = body.length;
		};
		if (announcesTooMuch(req, bodyBytesMax)) refuseTooLarge();
		req.on("data", (chunk: Buffer) => {
			if (!refused) take(chunk);
			received += chunk.length;
			if (!refused && received > bodyBytesMax) refuseTooLarge();
		});
		req.on("end", () => {
			release();
			resolve(body.subarray(0, received));
		});
		// Every request closes in the end; only one that is incomplete needs an error.
		const incomplete = () => {
			release();
			if (!req.complete) reject(new Refusal("body-incomplete", { received }));
		};
		req.on("error", incomplete);
		req.on("close", incomplete);
	});
}

/**
 * A body that is compressed on its way (RFC 9112 section 7.2) would be stored as it came, as no
 * part of the server unpacks it.
 */
function refuseCodings({ headers: { "transfer-encoding": coding } }: IncomingMessage): void {
	if (coding === undefined || coding.trim().toLowerCase() === "chunked") return;
	throw new Refusal("malformed-header", {
		header: "Transfer-Encoding",
		value: coding.slice(0, 128),
		reason: "It takes chunked, and nothing else.",
	});
}

function tooMuchIncoming({ limit }: Budget): Refusal {
	return new Refusal("overloaded", { queue: "body", limit, retryAfterSeconds: 1 });
}

/**
 * The usual body is one chunk and is not copied. Others go into a buffer that doubles, not a list:
 * a client may send sixteen million chunks of one byte, and each Buffer costs a hundred.
 */
function grown(body: Buffer, length: number, chunk: Buffer): Buffer {
	if (length === 0) return chunk;
	const needed = length + chunk.length;
	let room = body;
	if (needed > body.length) {
		room = Buffer.allocUnsafeSlow(Math.max(needed, 2 * body.length));
		body.copy(room, 0, 0, length);
	}
	chunk.copy(room, length);
	return room;
}
