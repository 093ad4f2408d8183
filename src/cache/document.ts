/**
 * A finished document, ready to be written to a socket: the bytes, compressed once, with their
 * headers.
 */
import type { Coding, MediaType } from "../../feeds/media.ts";
import type { StreamName } from "../event.ts";
import { compress } from "./compression.ts";
import { cacheControl, eTag, type History, keepingHeaders, mayBeUsed, NOT_KEPT } from "./policy.ts";
import { tagHeaders, tagsOf } from "./tags.ts";

export type Document = {
	/** Undefined for a document that no cache may keep. */
	readonly eTag: string | undefined;
	/** Headers of a 200, names and values in turn. */
	readonly headers: readonly string[];
	/** Headers of a 304, in the same way. */
	readonly notModifiedHeaders: readonly string[];
	readonly body: Uint8Array;
};

/** A document as its encoder wrote it, before compression. */
export type EncodedDocument = {
	readonly text: Uint8Array;
	readonly type: MediaType;
	readonly coding: Coding;
	/** Headers of its own: names and values in turn. */
	readonly headers?: readonly string[];
	readonly snapshot: Snapshot;
	readonly lifetime: Lifetime;
	/** Its own stream, and the streams whose events it shows. */
	readonly streams?: readonly StreamName[];
	/** The part of `streams` whose metadata or deletion changes the document; by default all. */
	readonly changedBy?: readonly StreamName[];
};

/** The moment of a document: its ETag is made of it. */
export type Snapshot = {
	/** The newest version it knows of: the first half of its ETag. */
	readonly last: number;
	/** Tells documents apart that have the same `last`; 0 for the plain one. A part of the ETag. */
	readonly variant?: number;
	/** The history of its events, taken before they were read. */
	readonly history: History;
};

/** How long a document stays the same. */
export type Lifetime = {
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it, which its key then tells. */
	readonly onlyGrows?: boolean;
	/** Seconds a document that is not sealed may be kept. */
	readonly headMaxAge: number;
	/** If retention changes a full page at some time: the seconds until then. */
	readonly keepSeconds?: number | undefined;
	/** Whether no cache may keep it, not even to ask whether it is still true. */
	readonly passing?: boolean;
};

/** Below this, compression saves less than its headers cost. */
const SEALED_BYTES_MIN = 1024;
/**
 * The next append makes a document that is not sealed worthless, and its bytes may be sent once. So
 * a page of the usual size stays as it is. Of a large one, compression at its least effort takes
 * 0.1 ms for 30 kB, and leaves a sixth.
 */
const CHANGING_BYTES_MIN = 16 * 1024;

/**
 * Compresses a document, if it is large enough, and writes its headers.
 * @param sealedMaxAge seconds for which other caches may keep any document
 */
export async function finish(
	encoded: EncodedDocument,
	sealedMaxAge: number | undefined,
): Promise<Document> {
	const { text, type, coding: asked, snapshot, lifetime, streams = [] } = encoded;
	const { sealed, headMaxAge, keepSeconds, passing } = lifetime;
	const { last, history, variant } = snapshot;
	const isLarge = text.length >= (sealed ? SEALED_BYTES_MIN : CHANGING_BYTES_MIN);
	const coding = isLarge ? asked : "identity";
	const body = coding === "identity" ? text : await compress(text, coding, sealed);
	const tag = eTag(last, type, coding, history, variant);
	const control = cacheControl(sealed, headMaxAge, keepSeconds, sealedMaxAge);
	const keeping = passing ? NOT_KEPT : keepingHeaders(control, tag);
	const headers = [...keeping, "Content-Type", type.contentType, ...(encoded.headers ?? [])];
	// A document that caches revalidate each time needs no purge.
	if (!passing && mayBeUsed(control)) headers.push(...tagHeaders(tagsOf(streams)));
	if (coding !== "identity") headers.push("Content-Encoding", coding);
	headers.push("Content-Length", String(body.length));
	return { eTag: passing ? undefined : tag, headers, notModifiedHeaders: keeping, body };
}
