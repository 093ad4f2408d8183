/**
 * The formats of a feed: how each is written, and the media types that ask for it.
 *
 * A format is complete or it does not compile: a word that is added to one of the unions needs its
 * row in a table that is a `Record` over the union. Several media types may ask for one format;
 * every `vnd.eventstore` JSON type has a `vnd.kurrent` twin, the same document under a younger
 * name.
 */
import { ATOM_PARTS } from "../atom/encode.ts";
import { CLOUDEVENTS_PARTS, encodeBatch } from "../cloudevents/encode.ts";
import { JSON_PARTS } from "../json/encode.ts";
import { JSON_FEED_PARTS } from "../json-feed/encode.ts";
import { encodeLines } from "../lines/encode.ts";
import { type MediaType, mediaType } from "../media.ts";
import type { Embed, Entry, LinesEntry } from "../model.ts";
import type { FeedParts } from "../parts.ts";

/** A document that shows one page and ends; a sealed page in such a format is kept for ever. */
export type PageFormat = "atom" | "json" | "json-feed" | "cloudevents" | "lines";

/**
 * An answer that runs on through the stream, written entry by entry while the stream is read. Its
 * table is the server's, as there is no feed to encode: `src/http/handlers/streaming/`.
 */
export type StreamingFormat = "ndjson" | "csv" | "event-stream";

/** How the pages of a format are written. */
export type PageEncoding = PageTraits & {
	/**
	 * What the document is written from. A feed has its links in the document; entries, which are in
	 * the order of the page's direction, have them in a header.
	 */
	readonly writes:
		| { readonly from: "feed"; readonly parts: FeedParts }
		| { readonly from: "entries"; encode(entries: readonly LinesEntry[]): Uint8Array };
};

type PageTraits = {
	/** Whether the document shows data or metadata: only then the log is read with them. */
	showsContent(embed: Embed): boolean;
	/** The answer at a stream's own URL: its newest page, or a batch from its first event on. */
	readonly ownUrl: "newest-page" | { readonly batch: EncodeBatch };
};

/** Writes a batch of the format, oldest first. */
export type EncodeBatch = (batch: readonly BatchEntry[]) => string;

export type BatchEntry = {
	readonly entry: Entry;
	/** The id to write in place of the event's own, which does not stand for this entry alone. */
	readonly id: string | undefined;
};

export const PAGE_FORMATS: Readonly<Record<PageFormat, PageEncoding>> = {
	atom: {
		writes: { from: "feed", parts: ATOM_PARTS },
		showsContent: (embed) => embed !== "none",
		ownUrl: "newest-page",
	},
	json: {
		writes: { from: "feed", parts: JSON_PARTS },
		showsContent: (embed) => embed !== "none" && embed !== "rich",
		ownUrl: "newest-page",
	},
	"json-feed": {
		writes: { from: "feed", parts: JSON_FEED_PARTS },
		showsContent: () => true,
		ownUrl: "newest-page",
	},
	cloudevents: {
		writes: { from: "feed", parts: CLOUDEVENTS_PARTS },
		showsContent: () => true,
		ownUrl: { batch: encodeBatch },
	},
	lines: {
		writes: { from: "entries", encode: encodeLines },
		showsContent: () => true,
		ownUrl: "newest-page",
	},
};

export type PageType = MediaType & { readonly format: PageFormat };
export type StreamingType = MediaType & { readonly format: StreamingFormat };
export type FeedType = PageType | StreamingType;
export type DescriptionType = MediaType & { readonly format: "description" };

/**
 * The media types of feeds, in the order of the server's preference: the first is what a reader
 * without a preference gets.
 */
export const FEED_TYPES: readonly FeedType[] = [
	mediaType("application/atom+xml", "atom"),
	mediaType("application/vnd.eventstore.atom+json", "json"),
	mediaType("application/vnd.kurrent.atom+json", "json"),
	mediaType("text/xml", "atom"),
	mediaType("application/xml", "atom"),
	mediaType("application/json", "json"),
	mediaType("application/vnd.eventstore.event+xml", "atom"),
	mediaType("application/vnd.eventstore.event+json", "json"),
	mediaType("application/vnd.kurrent.event+json", "json"),
	mediaType("application/vnd.eventstore.events+xml", "atom"),
	mediaType("application/vnd.eventstore.events+json", "json"),
	mediaType("application/vnd.kurrent.events+json", "json"),
	mediaType("application/feed+json", "json-feed"),
	mediaType("application/x-ndjson", "ndjson"),
	mediaType("text/csv", "csv"),
	mediaType("text/event-stream", "event-stream"),
	mediaType("application/cloudevents-batch+json", "cloudevents"),
	mediaType("application/vnd.varve.events+ndjson", "lines"),
];

/** The media types of a filtered feed: a filter searches one page at a time. */
export const PAGE_TYPES: readonly PageType[] = FEED_TYPES.filter(isPageType);

/** The media types of a stream's head and its backward pages. */
export const DESCRIBED_FEED_TYPES: ReadonlyArray<FeedType | DescriptionType> = [
	...FEED_TYPES,
	// The description of a stream, for clients that ask for it by name.
	mediaType("application/vnd.eventstore.streamdesc+json", "description"),
	mediaType("application/vnd.kurrent.streamdesc+json", "description"),
];

export function isPageType(type: FeedType): type is PageType {
	return Object.hasOwn(PAGE_FORMATS, type.format);
}
