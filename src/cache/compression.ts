/** Compresses whole documents, each once for all clients that get it. */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Coding } from "../../feeds/media.ts";

/**
 * Pages of the grid are compressed once and sent many times, so they are worth the effort. Pages
 * for bulk readers are mostly sent once: 500 events take 2.8 ms at quality 5 and 0.5 at 1, for a
 * fifth more bytes, which is still less than gzip makes of them.
 */
const BULK_BYTES_MIN = 64 * 1024;
const EFFORT = { br: { page: 5, bulk: 1 }, gzip: { page: 6, bulk: 1 } };

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

/** @param isLasting whether it will be sent many times; else the least effort is enough */
export async function compress(
	text: Uint8Array,
	coding: Exclude<Coding, "identity">,
	isLasting: boolean,
): Promise<Uint8Array> {
	const effort = EFFORT[coding][isLasting && text.length < BULK_BYTES_MIN ? "page" : "bulk"];
	const compressed = await (coding === "br"
		? brotliAsync(text, brotliOptions(text.length, effort))
		: gzipAsync(text, { level: effort }));
	// A short one is a window on 16 KiB, all of which would be kept with it.
	const exact = Buffer.allocUnsafeSlow(compressed.length);
	compressed.copy(exact);
	return exact;
}

/** A window no larger than the text: by default each encoder would take some 8 MB, for any page. */
function brotliOptions(length: number, quality: number) {
	const { BROTLI_MIN_WINDOW_BITS: least, BROTLI_DEFAULT_WINDOW: most } = constants;
	const windowBits = Math.min(most, Math.max(least, Math.ceil(Math.log2(length + 16))));
	return {
		params: {
			[constants.BROTLI_PARAM_QUALITY]: quality,
			[constants.BROTLI_PARAM_LGWIN]: windowBits,
			[constants.BROTLI_PARAM_SIZE_HINT]: length,
		},
	};
}
