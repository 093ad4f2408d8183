/**
 * Sends an answer whose body is made while it is sent, as fast as its reader reads: the next chunk
 * is asked for when the last one is on its way, so only one chunk waits for a slow reader.
 */
import type { ServerResponse } from "node:http";
import { answered } from "../sockets/connections.ts";
import { writeHead } from "../sockets/head.ts";
import { drained } from "../sockets/slow.ts";
import type { Answer, Chunks } from "./answer.ts";

/**
 * @param shared lines of fields that every answer of the route has
 * @param report called with an error midway; the answer then breaks off, so that its reader sees
 * it. `report` ignores a refusal, which is no fault: a stream can be deleted while it is read.
 */
export async function pump(
	res: ServerResponse,
	answer: Answer,
	shared: string,
	chunks: Chunks,
	report: (error: unknown) => void,
): Promise<void> {
	if (res.destroyed || res.headersSent) return;
	writeHead(res, answer, shared);
	if (res.req.method === "HEAD") {
		res.end();
		answered(res);
		return;
	}
	// The headers go out even if there is no chunk yet.
	res.flushHeaders();
	try {
		for await (const chunk of chunks) {
			if (res.destroyed) return;
			if (chunk.length > 0 && !res.write(chunk)) await drained(res, chunk.length);
			if (res.destroyed) return;
		}
		res.end();
	} catch (error) {
		if (!res.destroyed) report(error);
		res.destroy();
	} finally {
		answered(res);
	}
}
