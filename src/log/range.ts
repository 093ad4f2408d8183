/** What is asked of a read, and what it returns. */
import type { Position, RecordedEvent, StreamName, Version } from "../event.ts";
import type { Target } from "../indexes/links.ts";

export type Range = {
	readonly stream: StreamName;
	/**
	 * The version the read starts at (of `$all`: the position); `head` is the last one, backward
	 * only.
	 */
	readonly from: Version | "head";
	/** How many versions it covers. */
	readonly limit: number;
	readonly direction: "forward" | "backward";
	/** False leaves `data` and `metadata` empty, for documents that do not show them. */
	readonly content: boolean;
	/**
	 * Whether entries that are links show the event they point to; on `$all` false by default, else
	 * true.
	 */
	readonly resolve?: boolean;
};

export type Slice = {
	/**
	 * The last version of the stream at the moment of the read; -1 if it shows no events at all.
	 */
	readonly last: Version;
	/** In the direction of the read; those that are shown. */
	readonly entries: readonly StreamEntry[];
	/**
	 * Absent if nothing but the stream's own growth, and erasure, can ever change what its reads
	 * show.
	 */
	readonly retention?: Retention;
	/** Of `$all`, if all of the range was scavenged: the whole run of such positions. */
	readonly gap?: Gap;
};

export type Gap = { readonly first: Position; readonly last: Position };

/** What metadata and links make of a read, at the moment it was made. */
export type Retention = {
	/**
	 * No lower version is shown: by `$tb` and `$maxCount`, and by `$maxAge` as far as the range
	 * tells.
	 */
	readonly first: Version;
	/**
	 * Until when the range shows what it does, unless the stream grows into it or metadata changes:
	 * milliseconds since 1970; 0 if it may change at any moment, Infinity if never.
	 */
	readonly steadyUntil: number;
	/** `$cacheControl`: how long caches may keep what can still change. */
	readonly cacheSeconds?: number;
};

/** An event as one entry of the stream that was read. */
export type StreamEntry = {
	/** Its version in the stream that was read, which for an index stream is not `event.version`. */
	readonly version: Version;
	/** Of a link that was resolved, the event it points to; else the event that stands here. */
	readonly event: RecordedEvent;
	/** The link a client wrote, if it was resolved. */
	readonly link?: RecordedEvent;
	/** Where this entry, a link, points to, if nothing is shown there. */
	readonly unresolved?: Target;
};
