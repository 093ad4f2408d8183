/**
 * The finished documents that are kept.
 *
 * The key holds everything a document depends on. So a document is removed only to make room (bytes
 * and count are limited), or if a stream that it shows was deleted or got metadata. Sealed
 * documents are kept under their key alone. A page that grows is kept under its key and the last
 * version, for the pollers that come before the next append, once it was asked for a second time:
 * most heads never are, and would only grow old in memory. These heads have a cache of their own;
 * otherwise the heads of a busy stream would push out the pages that consumers catch up with.
 */
import { LRUCache } from "lru-cache";
import type { StreamName } from "../event.ts";
import { type Document, type EncodedDocument, finish } from "./document.ts";
import { KeysByStream } from "./keys-by-stream.ts";

export type { Document, EncodedDocument } from "./document.ts";

export type DocumentLimits = {
	readonly bytesMax: number;
	readonly countMax: number;
	/** Seconds for which other caches may keep a sealed document. */
	readonly sealedMaxAge?: number;
};

/** Bytes of headers, key and bookkeeping that a kept document costs besides its body. */
const OVERHEAD_BYTES = 1024;
/** Some hundred pages of a usual size: more than clients poll between two appends. */
const HEADS_BYTES_MAX = 8 * 1024 * 1024;

/** Heads that were asked for once, by their keys: more than are asked for between two appends. */
const ASKED_ONCE_MAX = 1000;
/** Under what a document is made, and kept. */
export type DocumentKeys = {
	/** If all are shown the same. */
	readonly shared: string;
	/**
	 * If not: the key of those who are shown what this reader is. Asked before and behind the read:
	 * if the read shows that the reader is not one of them, the document is not kept.
	 */
	ofClass(): string;
	/** Of those who may have it while it is being made. */
	readonly once: string;
};

/** The keys of a document that everybody is shown in the same way. */
export function forEverybody(key: string): DocumentKeys {
	return { shared: key, ofClass: () => key, once: key };
}

type PendingDocument = { readonly made: Promise<Document>; readonly revision: number };

export class Documents {
	/** Documents that were at hand, and documents that had to be made. */
	readonly asked = { hits: 0, misses: 0 };
	readonly #sealedMaxAge: number | undefined;
	readonly #keysByStream = new KeysByStream();
	readonly #sealed: LRUCache<string, Document>;
	readonly #heads: LRUCache<string, Document>;
	readonly #askedOnce = new LRUCache<string, true>({ max: ASKED_ONCE_MAX });
	readonly #pending = new Map<string, PendingDocument>();
	/** How often documents were dropped because their streams changed. */
	#revision = 0;

	constructor({ bytesMax, countMax, sealedMaxAge }: DocumentLimits) {
		this.#sealedMaxAge = sealedMaxAge;
		this.#sealed = new LRUCache({
			max: fitting(countMax, bytesMax),
			// LRUCache takes 0 for no limit; here it means to keep nothing.
			maxSize: Math.max(1, bytesMax),
			sizeCalculation: sizeOf,
			dispose: (_, key) => this.#keysByStream.remove(key),
		});
		const headBytesMax = Math.min(HEADS_BYTES_MAX, bytesMax);
		this.#heads = new LRUCache({
			max: fitting(countMax, headBytesMax),
			maxSize: Math.max(1, headBytesMax),
			sizeCalculation: sizeOf,
		});
	}

	/** A kept document; undefined if there is none. */
	get(key: string): Document | undefined {
		const kept = this.#sealed.get(key) ?? this.#heads.get(key);
		if (kept) this.asked.hits++;
		return kept;
	}

	/**
	 * Makes a document once, even if many requests ask for it at the same moment, and keeps it if
	 * its key will always mean the same.
	 */
	make(keys: DocumentKeys, write: () => Promise<EncodedDocument>): Promise<Document> {
		const key = keys.once;
		const pending = this.#pending.get(key);
		if (pending?.revision === this.#revision) {
			this.asked.hits++;
			return pending.made;
		}
		this.asked.misses++;
		const made = this.#finishAndKeep(keys, write, this.#revision);
		const mine = { made, revision: this.#revision };
		this.#pending.set(key, mine);
		const done = () => this.#pending.get(key) === mine && this.#pending.delete(key);
		made.then(done, done);
		return made;
	}

	/** What is kept at this moment. */
	kept(): { readonly documents: number; readonly bytes: number } {
		return {
			documents: this.#sealed.size + this.#heads.size,
			bytes: this.#sealed.calculatedSize + this.#heads.calculatedSize,
		};
	}

	/** Drops all documents that show these streams: they changed otherwise than by growing. */
	forget(streams: readonly StreamName[]): void {
		this.#revision++;
		for (const key of this.#keysByStream.of(streams)) this.#sealed.delete(key);
		this.#heads.clear();
	}

	/** Drops all documents: content was erased, and any of them may show it. */
	forgetAll(): void {
		this.#revision++;
		this.#sealed.clear();
		this.#heads.clear();
	}

	async #finishAndKeep(
		keys: DocumentKeys,
		write: () => Promise<EncodedDocument>,
		revision: number,
	): Promise<Document> {
		const before = keys.ofClass();
		const encoded = await write();
		const document = await finish(encoded, this.#sealedMaxAge);
		// A document that was read before a stream changed must not be kept afterwards.
		if (revision !== this.#revision) return document;
		if (encoded.audience?.isSame ?? true) this.#keep(keys.shared, document, encoded);
		else if (keys.ofClass() === before) this.#keep(before, document, encoded);
		return document;
	}

	#keep(key: string, document: Document, { lifetime, streams = [] }: EncodedDocument): void {
		if (lifetime.sealed) {
			this.#sealed.set(key, document);
			if (this.#sealed.has(key)) this.#keysByStream.add(key, streams);
		} else if (lifetime.onlyGrows) {
			if (this.#askedOnce.delete(key)) this.#heads.set(key, document);
			else this.#askedOnce.set(key, true);
		}
	}
}

/** How many can be kept; LRUCache has room for all of them from the start. */
function fitting(countMax: number, bytesMax: number): number {
	return Math.max(1, Math.min(countMax, Math.ceil(bytesMax / OVERHEAD_BYTES)));
}

function sizeOf({ body }: Document, key: string): number {
	return body.length + key.length + OVERHEAD_BYTES;
}
