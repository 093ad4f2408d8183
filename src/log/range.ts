/** The request of a read, and its answer. */
import type { Position, RecordedEvent, StreamName, Version } from "../event.ts";
import type { Target } from "../indexes/links.ts";

export type Range = {
	readonly stream: StreamName;
	/**
	 * The version the read starts at (of `$all`: the position); `head` is the last one, backward
	 * only.
	 */
	readonly from: Version | "head";
	/** The number of versions that the range covers. */
	readonly limit: number;
	readonly direction: "forward" | "backward";
	/** False leaves `data` and `metadata` empty, for documents that do not show them. */
	readonly content: boolean;
	/**
	 * Whether entries that are links show their target events. The default is false on `$all`, true
	 * elsewhere.
	 */
	readonly resolve?: boolean;
};

/** The first and the last of some versions of a stream. */
export type VersionRange = {
	readonly stream: StreamName;
	readonly first: Version;
	readonly last: Version;
};

/** Names in the order of their bytes in UTF-8. */
export type NameRange = {
	/** The first name it may hold. */
	readonly from: string;
	/** The first name behind it; undefined for no end. */
	readonly before: string | undefined;
	readonly limit: number;
};

export type Slice = {
	/**
	 * The last version of the stream at the moment of the read; -1 if it shows no events at all.
	 */
	readonly last: Version;
	/** The shown entries, in the direction of the read. */
	readonly entries: readonly StreamEntry[];
	/**
	 * Absent if nothing but the stream's own growth, and erasure, can ever change what its reads
	 * show.
	 */
	readonly retention?: Retention;
	/**
	 * Whether the log keeps the events of these entries for reads to come, as the same objects: then
	 * it pays to keep with them what is made of them.
	 */
	readonly isKept?: boolean;
	/** Of `$all`, if all of the range was scavenged: the whole gap. */
	readonly gap?: Gap;
	/** Never of an engine: what its reader may not read, and so does not see here. */
	readonly withheld?: readonly Withheld[];
};

/** An entry that is left out, or that is a link and shows nothing of its target. */
export type Withheld = { readonly version: Version; readonly stream: StreamName };

export type Gap = { readonly first: Position; readonly last: Position };

/** How metadata and links limit a read, at the moment of the read. */
export type Retention = {
	/**
	 * The first version that is shown, by `$tb` and `$maxCount`, and by `$maxAge` as far as the range
	 * shows.
	 */
	readonly first: Version;
	/**
	 * The time until which the range shows the same, unless the stream grows into it or metadata
	 * changes. Milliseconds since 1970; 0 if it may change at any moment, Infinity if never.
	 */
	readonly steadyUntil: number;
	/** `$cacheControl`: the seconds that caches may keep an answer that can still change. */
	readonly cacheSeconds?: number;
};

/** An event as one entry of the stream that was read. */
export type StreamEntry = {
	/** Its version in the stream that was read, which for an index stream is not `event.version`. */
	readonly version: Version;
	/** If the entry is a resolved link, its target event; otherwise the event at this place. */
	readonly event: RecordedEvent;
	/** The link a client wrote, if it was resolved. */
	readonly link?: RecordedEvent;
	/**
	 * Of `$streams`: present if the stream is there but hides its first event. The event is shown
	 * without its content, because it stands for the stream.
	 */
	readonly isHidden?: true;
	/** The target of this entry, a link, if no event is shown there. */
	readonly unresolved?: Target;
	/** Of an index stream, if its entries are read as the links that they are: where it leads. */
	readonly leadsTo?: StreamName;
};

/**
 * The bytes that may be kept with an event of a slice that is kept, at most; the log counts them
 * with the event. Names, URLs and times need some; characters that are quoted, two bytes each.
 */
export function keptWithMax({ data, metadata }: RecordedEvent): number {
	return 2048 + 2 * (data.length + metadata.length);
}
