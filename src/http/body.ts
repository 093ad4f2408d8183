/**
 * Reads a request body, bounded.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../errors.ts";

/**
 * A client that sends too much is read on, and its bytes thrown away, up to this many times the limit: closing at
 * once would reset the connection before it could read our answer.
 */
const DISCARD_FACTOR = 4;

/**
 * @returns the whole body
 * @throws Refusal `body-too-large`, `body-incomplete` where the client went away midway
 */
export function readBody(req: IncomingMessage, bodyBytesMax: number): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const chunks: Buffer[] = [];
		let received = 0;
		const tooLarge = () => reject(new Refusal("body-too-large", { bodyBytesMax }));
		req.on("data", (chunk: Buffer) => {
			received += chunk.length;
			if (received <= bodyBytesMax) {
				chunks.push(chunk);
				return;
			}
			chunks.length = 0;
			if (received > bodyBytesMax * DISCARD_FACTOR) {
				tooLarge();
				req.destroy();
			}
		});
		req.on("end", () => {
			if (received > bodyBytesMax) tooLarge();
			else resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, received));
		});
		const incomplete = () => reject(new Refusal("body-incomplete", { received }));
		req.on("error", incomplete);
		req.on("close", incomplete);
	});
}
