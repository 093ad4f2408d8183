/**
 * A finished document, ready to be written to a socket: the bytes, compressed once, with their
 * headers.
 */
import type { Coding, MediaType } from "../../feeds/media.ts";
import type { StreamName } from "../event.ts";
import { compress } from "./compression.ts";
import { cacheControl, eTag, type History, keepingHeaders, mayBeUsed } from "./policy.ts";
import { tagHeaders, tagsOf } from "./tags.ts";

export type Document = {
	readonly eTag: string;
	/** Headers of a 200, names and values in turn. */
	readonly headers: readonly string[];
	/** Headers of a 304, in the same way. */
	readonly notModifiedHeaders: readonly string[];
	readonly body: Uint8Array;
};

/** A document as its codec wrote it. */
export type EncodedDocument = {
	readonly text: Uint8Array;
	readonly type: MediaType;
	readonly coding: Coding;
	readonly snapshot: Snapshot;
	readonly lifetime: Lifetime;
	/** The stream it is of, and those whose events it shows. */
	readonly streams?: readonly StreamName[];
	/** Those of them whose metadata or end changes what it shows; all, if it is not said. */
	readonly changedBy?: readonly StreamName[];
};

/** Of which moment a document is: what its ETag tells. */
export type Snapshot = {
	/** The newest version it knows of: the first half of its ETag. */
	readonly last: number;
	/** What retention and links make of it, besides `last`; 0 for nothing. A part of the ETag. */
	readonly variant?: number;
	/** Which history its events are of, as of before they were read. */
	readonly history: History;
};

/** How long a document stays what it is. */
export type Lifetime = {
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it, which its key then tells. */
	readonly onlyGrows?: boolean;
	/** Seconds a document that is not sealed may be kept. */
	readonly headMaxAge: number;
	/** If retention bounds how long a full page shows what it does: for so many seconds. */
	readonly keepSeconds?: number | undefined;
};

/** Below this, compression saves less than its headers cost. */
const COMPRESS_BYTES_MIN = 1024;

/**
 * Compresses a document, if it is sealed (the next append makes any other worthless), and writes
 * its headers.
 * @param sealedMaxAge seconds other caches may keep what can never change
 */
export async function finish(
	{ text, type, coding: asked, snapshot, lifetime, streams = [] }: EncodedDocument,
	sealedMaxAge: number | undefined,
): Promise<Document> {
	const { sealed, headMaxAge, keepSeconds } = lifetime;
	const { last, history, variant } = snapshot;
	const coding = sealed && text.length >= COMPRESS_BYTES_MIN ? asked : "identity";
	const body = coding === "identity" ? text : await compress(text, coding);
	const tag = eTag(last, type, coding, history, variant);
	const control = cacheControl(sealed, headMaxAge, keepSeconds, sealedMaxAge);
	const keeping = keepingHeaders(control, tag);
	const headers = [...keeping, "Content-Type", type.contentType];
	// What is revalidated each time needs no purge.
	if (mayBeUsed(control)) headers.push(...tagHeaders(tagsOf(streams)));
	if (coding !== "identity") headers.push("Content-Encoding", coding);
	headers.push("Content-Length", String(body.length));
	return { eTag: tag, headers, notModifiedHeaders: keeping, body };
}
