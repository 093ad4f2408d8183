/**
 * Finished documents, ready to be written to a socket: the bytes, compressed once, with their
 * headers.
 *
 * Only documents that can never change are kept. The key says all a document depends on, so nothing
 * ever has to be removed but for room; the bound is on bytes and on count.
 */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import type { Coding, MediaType } from "../../feeds/media.ts";
import { cacheControl, eTag, VARY } from "./policy.ts";

export type Document = {
	readonly eTag: string;
	/** Headers of a 200, names and values in turn. */
	readonly headers: readonly string[];
	/** Headers of a 304: what a 200 would say of keeping it (RFC 9110 section 15.4.5). */
	readonly notModifiedHeaders: readonly string[];
	readonly body: Uint8Array;
};

export type Documents = {
	/** A kept document; undefined where there is none. */
	get(key: string): Document | undefined;
	/** The kept document that a request of this wording was answered with before. */
	recall(wording: string): Document | undefined;
	/** Notes that a request of this wording means the document under `key`, kept or not. */
	note(wording: string, key: string): void;
	/**
	 * Makes a document once, however many ask for it at the same moment, and keeps it if it is
	 * `sealed`.
	 */
	make(key: string, write: () => Promise<Written>): Promise<Document>;
};

/** A document as its codec wrote it. */
export type Written = {
	readonly text: Uint8Array;
	readonly type: MediaType;
	readonly coding: Coding;
	/** The newest version it knows of: the first half of its ETag. */
	readonly last: number;
	readonly sealed: boolean;
	readonly headMaxAge: number;
	/** Which history its events are of. */
	readonly incarnation: number;
};

/** Bytes of headers, key and bookkeeping that a kept document costs besides its body. */
const OVERHEAD_BYTES = 1024;
/** The headers of a request are as long as its client likes. */
const WORDINGS_CHARACTERS_MAX = 4 * 1024 * 1024;
/** Below this, compression saves less than its headers cost. */
const COMPRESS_BYTES_MIN = 1024;
/**
 * Best ratio for its time on pages of JSON and XML; a page is compressed once and sent many times.
 */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

export function createDocuments(limits: { bytesMax: number; countMax: number }): Documents {
	const kept = new LRUCache<string, Document>({
		max: limits.countMax,
		// A cache of no bytes is one that keeps nothing, not one without a bound.
		maxSize: Math.max(1, limits.bytesMax),
		sizeCalculation: (document, key) => document.body.length + key.length + OVERHEAD_BYTES,
	});
	const keys = new LRUCache<string, string>({
		max: limits.countMax,
		maxSize: WORDINGS_CHARACTERS_MAX,
		sizeCalculation: (key, wording) => key.length + wording.length,
	});
	const making = new Map<string, Promise<Document>>();

	return {
		get: (key) => kept.get(key),
		recall(wording) {
			const key = keys.get(wording);
			return key === undefined ? undefined : kept.get(key);
		},
		note: (wording, key) => keys.set(wording, key),
		make(key, write) {
			const under = making.get(key);
			if (under) return under;
			const made = finish(write).then(({ document, sealed }) => {
				if (sealed) kept.set(key, document);
				return document;
			});
			making.set(key, made);
			const done = () => making.delete(key);
			made.then(done, done);
			return made;
		},
	};
}

/** Only a sealed page is worth compressing: the next append makes any other worthless. */
async function finish(
	write: () => Promise<Written>,
): Promise<{ document: Document; sealed: boolean }> {
	const written = await write();
	const { text, type, last, sealed, headMaxAge } = written;
	const coding = sealed && text.length >= COMPRESS_BYTES_MIN ? written.coding : "identity";
	const body = await compress(text, coding);
	const tag = eTag(last, type, coding, written.incarnation);
	const keeping = ["Cache-Control", cacheControl(sealed, headMaxAge), "Vary", VARY, "ETag", tag];
	const headers = [...keeping, "Content-Type", type.contentType];
	if (coding !== "identity") headers.push("Content-Encoding", coding);
	headers.push("Content-Length", String(body.length));
	return { document: { eTag: tag, headers, notModifiedHeaders: keeping, body }, sealed };
}

function compress(text: Uint8Array, coding: Coding): Uint8Array | Promise<Uint8Array> {
	if (coding === "br") return brotliAsync(text, BROTLI);
	if (coding === "gzip") return gzipAsync(text);
	return text;
}
