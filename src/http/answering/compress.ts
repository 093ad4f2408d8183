/**
 * Compresses an answer while it is made, chunk by chunk: each is flushed as it is written, so
 * events are on their way as soon as they were read, and no more than one chunk is ever held. The
 * next chunk is asked for when this one was handed on: a slow reader slows the reads as it would
 * uncompressed.
 */
import { once } from "node:events";
import { constants, createBrotliCompress, createGzip } from "node:zlib";
import type { Coding } from "../../../feeds/media.ts";
import type { Chunks } from "./answer.ts";

/** Fast enough to keep up with the log, and half of what any level saves. */
const BROTLI = {
	params: {
		[constants.BROTLI_PARAM_QUALITY]: 3,
		// 256 KiB, as far as lines repeat: the default takes megabytes for every open answer.
		[constants.BROTLI_PARAM_LGWIN]: 18,
	},
};
const GZIP = { level: 4 };

export async function* compressed(chunks: Chunks, coding: Exclude<Coding, "identity">): Chunks {
	const stream = coding === "br" ? createBrotliCompress(BROTLI) : createGzip(GZIP);
	const flush = coding === "br" ? constants.BROTLI_OPERATION_FLUSH : constants.Z_SYNC_FLUSH;
	const made: Buffer[] = [];
	stream.on("data", (chunk: Buffer) => made.push(chunk));
	const taken = () => Buffer.concat(made.splice(0));
	try {
		for await (const chunk of chunks) {
			if (chunk.length === 0) continue;
			stream.write(chunk);
			await new Promise<void>((resolve) => stream.flush(flush, resolve));
			yield taken();
		}
		stream.end();
		await once(stream, "end");
		yield taken();
	} finally {
		stream.destroy();
	}
}
