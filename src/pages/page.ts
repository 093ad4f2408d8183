/**
 * A range of a stream: what a document shows of it, whatever its format, and the feed.
 *
 * Everything a page says (entries, links, whether it is sealed, its tag) is computed from one read
 * and the `last` of that same moment, so a reader that follows its links sees each event once, in
 * order.
 */
import { isSealed, type PageRange } from "../../feeds/geometry.ts";
import type { FeedFrame, Link } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { LogReads, Slice, StreamEntry } from "../log/log.ts";
import { NO_TIME, type Urls, updatedAt } from "./entry.ts";
import { pageLinks } from "./links.ts";
import { type Links, linksShown, streamsShown, variantOf } from "./variant.ts";

export type PageSpec = {
	readonly stream: StreamName;
	readonly range: PageRange;
	/** Whether the document will show the events' data. */
	readonly content: boolean;
	/** As of a read of the log. */
	readonly resolve?: boolean | undefined;
	/** The value of the head page's tag, from the last version and the variant. */
	readonly tag: (last: Version, variant: number) => string;
	/** Adds to the page's own URL the query that the client asked with. */
	readonly asAsked: (url: string) => string;
	/** The URL of the WebSub hub, if the page is one that names it. */
	readonly hub?: string | undefined;
	/** Of a tail page: makes a link to a page one to the tail page, or to the same page anew. */
	readonly asTail?: ((url: string, isSamePage: boolean) => string) | undefined;
};

export type Page = {
	/** As `streamsShown` has them. */
	readonly streams: readonly StreamName[];
	readonly links: Links;
	readonly slice: Slice;
	/** The newest version this page knows of: of a sealed page its own newest, else the stream's. */
	readonly newest: Version;
	/** Tells pages apart that have the same `newest`: see `variantOf`. */
	readonly variant: number;
	readonly lifetime: PageLifetime;
};

/** How long a page stays the same. */
export type PageLifetime = {
	/** Whether it can never change again. */
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it. */
	readonly onlyGrows: boolean;
	/** Whether all it shows will stay, unless metadata changes: no rule hides events from it. */
	readonly staysTrue: boolean;
	/** Of a full page that may change all the same: until when it does not, as `Retention` has it. */
	readonly steadyUntil?: number | undefined;
	/** `$cacheControl` of the stream, for a page that is not full. */
	readonly cacheSeconds?: number | undefined;
};

/**
 * Reads and composes a page.
 * @throws Refusal `stream-not-found` if the stream has no events (`$all` always exists)
 */
export async function readPage(log: LogReads, request: PageSpec): Promise<Page> {
	const { stream, range } = request;
	const slice = await log.read({
		stream,
		from: range.from,
		limit: range.count,
		direction: range.direction,
		content: request.content,
		...(request.resolve === undefined ? {} : { resolve: request.resolve }),
	});
	if (slice.last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
	const isFull = isSealed(range, slice.last);
	const streams = streamsShown(stream, slice);
	return {
		slice,
		newest: isFull ? newestOf(range) : slice.last,
		variant: variantOf(range, slice),
		links: linksShown(stream, slice.entries),
		streams,
		lifetime: lifetimeOf(slice, isFull),
	};
}

/** The page as a feed, but for its entries. */
export function frameOf(urls: Urls, request: PageSpec, page: Page): FeedFrame {
	const { slice, variant } = page;
	const { stream, range } = request;
	const isFull = isSealed(range, slice.last);
	const all = stream === ALL;
	const backward = range.direction === "backward";
	const id = urls.stream(stream);
	const head = range.from === "head";
	return {
		id,
		title: all ? "All events" : `Event stream '${stream}'`,
		updated: updatedOf(newestFirst(request, page), backward || all),
		author: "EventStore",
		// A full page that ends at the head has to say the same when it no longer does.
		headOfStream: !all && !isFull && (head || (!backward && endsAtHead(range, slice.last))),
		...(all ? {} : { streamId: stream }),
		...(backward && !all ? { selfUrl: id } : {}),
		...(head && !all ? { eTag: request.tag(slice.last, variant) } : {}),
		archive: isFull && (slice.retention?.steadyUntil ?? Infinity) === Infinity,
		links: linksOf(urls, request, slice),
	};
}

/** The entries of the page, in the order of a feed. */
export function newestFirst({ range }: PageSpec, { slice }: Page): readonly StreamEntry[] {
	return range.direction === "backward" ? slice.entries : slice.entries.toReversed();
}

/** The links of the page. */
export function linksOf(urls: Urls, request: PageSpec, slice: Slice): Link[] {
	return pageLinks(urls, request, slice);
}

function lifetimeOf({ retention }: Slice, isFull: boolean): PageLifetime {
	const { first = 0, steadyUntil = Infinity, cacheSeconds } = retention ?? {};
	return {
		sealed: isFull && steadyUntil === Infinity,
		onlyGrows: retention === undefined,
		staysTrue: first === 0 && steadyUntil === Infinity,
		...(isFull && steadyUntil < Infinity ? { steadyUntil } : {}),
		cacheSeconds,
	};
}

/**
 * The newest version a sealed page covers; it stands in the page's ETag, which must never change.
 */
function newestOf(range: PageRange): Version {
	const from = range.from === "head" ? 0 : range.from;
	return range.direction === "forward" ? from + range.count - 1 : from;
}

/**
 * The contract's rule: a backward page is as new as its newest entry, a forward page as its oldest.
 */
function updatedOf(entries: readonly StreamEntry[], byNewest: boolean): string {
	const entry = byNewest ? entries[0] : entries.at(-1);
	return entry === undefined || entry.unresolved ? NO_TIME : updatedAt(entry);
}

function endsAtHead(range: PageRange, last: Version): boolean {
	return range.from !== "head" && range.from + range.count - 1 >= last;
}
