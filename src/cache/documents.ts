/**
 * Finished documents, ready to be written to a socket: the bytes, compressed once, with their
 * headers.
 *
 * The key says all a document depends on, so one is removed only for room (the bound is on bytes
 * and on count), or where a stream it shows was deleted or got metadata. What no append can change
 * is kept for its own sake. A page that grows is kept under the last version it was asked for, for
 * the pollers that come before the next append; those have a room of their own, or the heads of a
 * busy stream would push out the pages that consumers catch up by.
 */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import type { Coding, MediaType } from "../../feeds/media.ts";
import type { StreamName } from "../event.ts";
import { cacheControl, eTag, type History, mayBeUsed, VARY } from "./policy.ts";
import { tagHeaders, tagsOf } from "./tags.ts";

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
	/**
	 * Makes a document once, however many ask for it at the same moment, and keeps it where its key
	 * will always mean the same.
	 */
	make(key: string, write: () => Promise<Written>): Promise<Document>;
	/** Drops what shows anything of these streams: they changed otherwise than by growing. */
	forget(streams: readonly StreamName[]): void;
	/** Drops all: content was erased, and any of them may show it. */
	forgetAll(): void;
};

/** A document as its codec wrote it. */
export type Written = {
	readonly text: Uint8Array;
	readonly type: MediaType;
	readonly coding: Coding;
	/** The newest version it knows of: the first half of its ETag. */
	readonly last: number;
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it, which its key then tells. */
	readonly onlyGrows?: boolean;
	readonly headMaxAge: number;
	/** Which history its events are of, as of before they were read. */
	readonly history: History;
	/** Where retention bounds how long a full page shows what it does: for so long. */
	readonly keepSeconds?: number | undefined;
	/** What retention and links make of it, besides `last`; 0 for nothing. A part of the ETag. */
	readonly shown?: number;
	/** The stream it is of, and those whose events it shows. */
	readonly streams?: readonly StreamName[];
	/** Those of them whose metadata or end changes what it shows; all, where it is not said. */
	readonly changedBy?: readonly StreamName[];
};

/** Bytes of headers, key and bookkeeping that a kept document costs besides its body. */
const OVERHEAD_BYTES = 1024;
/** Some hundred pages of a usual size: what is polled between two appends. */
const HEADS_BYTES_MAX = 8 * 1024 * 1024;
/** Below this, compression saves less than its headers cost. */
const COMPRESS_BYTES_MIN = 1024;
/**
 * Pages of the grid are compressed once and sent many times, so they are worth the effort. What
 * bulk readers ask for is mostly sent once: 500 events take 2.8 ms at quality 5 and 0.5 at 1, for a
 * fifth more bytes, which is still less than gzip makes of them.
 */
const BULK_BYTES_MIN = 64 * 1024;
const EFFORT = { br: { page: 5, bulk: 1 }, gzip: { page: 6, bulk: 1 } };

const brotliAsync = promisify(brotliCompress);
const gzipAsync = promisify(gzip);

export type DocumentLimits = {
	readonly bytesMax: number;
	readonly countMax: number;
	/** Seconds other caches may keep what can never change. */
	readonly sealedMaxAge?: number;
};

export function createDocuments(limits: DocumentLimits): Documents {
	const showing = createShowing();
	const kept = new LRUCache<string, Document>({
		max: limits.countMax,
		// A cache of no bytes is one that keeps nothing, not one without a bound.
		maxSize: Math.max(1, limits.bytesMax),
		sizeCalculation: sizeOf,
		dispose: (_, key) => showing.remove(key),
	});
	const heads = new LRUCache<string, Document>({
		max: limits.countMax,
		maxSize: Math.max(1, Math.min(HEADS_BYTES_MAX, limits.bytesMax)),
		sizeCalculation: sizeOf,
	});
	let revision = 0;
	const making = new Map<string, { made: Promise<Document>; revision: number }>();

	return {
		get: (key) => kept.get(key) ?? heads.get(key),
		make(key, write) {
			const under = making.get(key);
			if (under?.revision === revision) return under.made;
			const before = revision;
			const made = finish(write, limits.sealedMaxAge).then(({ document, written }) => {
				// What was read before a stream changed must not be kept after it.
				if (before === revision) keep(key, document, written);
				return document;
			});
			const mine = { made, revision };
			making.set(key, mine);
			const done = () => making.get(key) === mine && making.delete(key);
			made.then(done, done);
			return made;
		},
		forget(streams) {
			revision++;
			for (const key of showing.of(streams)) kept.delete(key);
			heads.clear();
		},
		forgetAll() {
			revision++;
			kept.clear();
			heads.clear();
		},
	};

	function keep(key: string, document: Document, written: Written): void {
		const { sealed, onlyGrows, streams = [], changedBy = streams } = written;
		if (sealed) {
			kept.set(key, document);
			if (kept.has(key)) showing.add(key, changedBy);
		} else if (onlyGrows) heads.set(key, document);
	}
}

function sizeOf({ body }: Document, key: string): number {
	return body.length + key.length + OVERHEAD_BYTES;
}

/** Which kept documents show events of which streams. */
function createShowing() {
	const streamsOf = new Map<string, readonly StreamName[]>();
	const keysOf = new Map<StreamName, Set<string>>();
	return {
		add(key: string, streams: readonly StreamName[]) {
			streamsOf.set(key, streams);
			for (const stream of streams) {
				const keys = keysOf.get(stream) ?? new Set();
				keysOf.set(stream, keys.add(key));
			}
		},
		remove(key: string) {
			for (const stream of streamsOf.get(key) ?? []) {
				const keys = keysOf.get(stream);
				keys?.delete(key);
				if (keys?.size === 0) keysOf.delete(stream);
			}
			streamsOf.delete(key);
		},
		of: (streams: readonly StreamName[]) => streams.flatMap((one) => [...(keysOf.get(one) ?? [])]),
	};
}

/** Only a sealed page is worth compressing: the next append makes any other worthless. */
async function finish(
	write: () => Promise<Written>,
	sealedMaxAge: number | undefined,
): Promise<{ document: Document; written: Written }> {
	const written = await write();
	const { text, type, last, sealed, headMaxAge, keepSeconds, shown } = written;
	const coding = sealed && text.length >= COMPRESS_BYTES_MIN ? written.coding : "identity";
	const body = coding === "identity" ? text : await compress(text, coding);
	const tag = eTag(last, type, coding, written.history, shown);
	const control = cacheControl(sealed, headMaxAge, keepSeconds, sealedMaxAge);
	const keeping = ["Cache-Control", control, "Vary", VARY, "ETag", tag];
	const headers = [...keeping, "Content-Type", type.contentType];
	// What is revalidated each time needs no purge.
	if (mayBeUsed(control)) headers.push(...tagHeaders(tagsOf(written.streams ?? [])));
	if (coding !== "identity") headers.push("Content-Encoding", coding);
	headers.push("Content-Length", String(body.length));
	return { document: { eTag: tag, headers, notModifiedHeaders: keeping, body }, written };
}

async function compress(text: Uint8Array, coding: "gzip" | "br"): Promise<Uint8Array> {
	const effort = EFFORT[coding][text.length < BULK_BYTES_MIN ? "page" : "bulk"];
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
