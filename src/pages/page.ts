/**
 * A range of a stream, as a feed.
 *
 * Everything a page says (entries, links, whether it is sealed, its tag) is computed from one read
 * and the `last` of that same moment, so a reader that follows its links sees each event once, in
 * order.
 */
import {
	alignedForward,
	GRID,
	isSealed,
	type Neighbours,
	neighbours,
	type PageRange,
	pageHolding,
} from "../../feeds/geometry.ts";
import type { Entry, Feed, Link } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Gap, Log, Slice, StreamEntry } from "../log/log.ts";
import { composeEntry, NO_TIME, type StreamsShown, type Urls } from "./entry.ts";

export type PageRequest = {
	readonly stream: StreamName;
	readonly range: PageRange;
	/** Whether the document will show the events' data. */
	readonly content: boolean;
	/** As of a read of the log. */
	readonly resolve?: boolean | undefined;
	/** The value of the head page's tag, from the last version and what is shown. */
	readonly tag: (last: Version, shown: number) => string;
	/** Behind the page's own URL, as it was asked for. */
	readonly query: string;
};

export type Page = StreamsShown & {
	readonly feed: Feed;
	/** Whether it can never change again. */
	readonly sealed: boolean;
	/** Whether nothing but an append to its stream can change it. */
	readonly onlyGrows: boolean;
	/** Of a full page that may change all the same: until when it does not, as `Retention` has it. */
	readonly steadyUntil?: number | undefined;
	/** `$cacheControl` of the stream, for a page that is not full. */
	readonly cacheSeconds?: number | undefined;
	/** What retention and links make of it besides `newest`; 0 for nothing. */
	readonly shown: number;
	/** The newest version this page knows of: of a sealed page its own newest, else the stream's. */
	readonly newest: Version;
};

/**
 * Reads and composes a page.
 * @throws Refusal `stream-not-found` where the stream has no events (`$all` always exists)
 */
export async function readPage(log: Log, urls: Urls, request: PageRequest): Promise<Page> {
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
	const { steadyUntil = Infinity, cacheSeconds } = slice.retention ?? {};
	const streams = streamsShown(stream, slice.entries);
	return {
		feed: composeFeed(urls, request, slice, isFull),
		sealed: isFull && steadyUntil === Infinity,
		onlyGrows: slice.retention === undefined,
		...(isFull && steadyUntil < Infinity ? { steadyUntil } : {}),
		cacheSeconds,
		shown: shownOf(range, slice),
		streams,
		// `$all` hides nothing, as long as it resolves no links.
		changedBy: stream === ALL && !request.resolve ? [] : streams,
		newest: isFull ? newestOf(range) : slice.last,
	};
}

/**
 * What a page shows besides the events of its range, folded to a number: where the shown begins, if
 * it does so within the page, and which of its links lead nowhere. Two pages of one URL and one
 * last version are the same where this is.
 */
function shownOf(range: PageRange, { retention, entries, last }: Slice): number {
	if (!retention) return 0;
	const { first } = retention;
	const starts = first > 0 && lowestOf(range, last) <= first;
	return fold([...(starts ? [first] : []), ...unresolvedIn(entries)]);
}

/** Which links lead nowhere, folded to a number; 0 where all of them lead somewhere. */
export function unresolvedShown(entries: readonly StreamEntry[]): number {
	return fold(unresolvedIn(entries));
}

function unresolvedIn(entries: readonly StreamEntry[]): Version[] {
	return entries.flatMap(({ unresolved, version }) => (unresolved ? [version] : []));
}

/** FNV-1a, on whole numbers. */
function fold(numbers: readonly number[]): number {
	let folded = 0;
	for (const number of numbers) folded = Math.imul(folded ^ (number + 1), 0x01000193) & 0x7fffffff;
	return folded;
}

function lowestOf({ from, direction, count }: PageRange, last: Version): Version {
	const start = from === "head" ? last : from;
	return direction === "forward" ? start : start - count + 1;
}

/** The stream that was read, and every stream that something shown of it stands in. */
export function streamsShown(
	stream: StreamName,
	entries: readonly Pick<StreamEntry, "event" | "link" | "unresolved">[],
): StreamName[] {
	const streams = new Set([stream]);
	for (const { event, link, unresolved } of entries) {
		streams.add(event.stream);
		if (link) streams.add(link.stream);
		if (unresolved) streams.add(unresolved.stream);
	}
	return [...streams];
}

/**
 * The newest version a sealed page covers; it stands in the page's ETag, which must never change.
 */
export function newestOf(range: PageRange): Version {
	const from = range.from === "head" ? 0 : range.from;
	return range.direction === "forward" ? from + range.count - 1 : from;
}

function composeFeed(urls: Urls, request: PageRequest, slice: Slice, isFull: boolean): Feed {
	const { stream, range } = request;
	const all = stream === ALL;
	const backward = range.direction === "backward";
	const newestFirst = backward ? slice.entries : slice.entries.toReversed();
	const entries = newestFirst.map((entry) => composeEntry(urls, stream, entry));
	const id = urls.stream(stream);
	const head = range.from === "head";
	return {
		id,
		title: all ? "All events" : `Event stream '${stream}'`,
		updated: updatedOf(entries, backward || all),
		author: "EventStore",
		// A full page that ends at the head has to say the same when it no longer does.
		headOfStream: !all && !isFull && (head || (!backward && endsAtHead(range, slice.last))),
		...(all ? {} : { streamId: stream }),
		...(backward && !all ? { selfUrl: id } : {}),
		...(head && !all ? { eTag: request.tag(slice.last, shownOf(range, slice)) } : {}),
		archive: isFull && (slice.retention?.steadyUntil ?? Infinity) === Infinity,
		links: links(urls, request, slice),
		entries,
	};
}

/**
 * The contract's rule: a backward page is as new as its newest entry, a forward page as its oldest.
 */
function updatedOf(entries: readonly Entry[], byNewest: boolean): string {
	const entry = byNewest ? entries[0] : entries.at(-1);
	return entry === undefined || entry.unresolved ? NO_TIME : entry.updated;
}

function endsAtHead(range: PageRange, last: Version): boolean {
	return range.from !== "head" && range.from + range.count - 1 >= last;
}

/** A URL may have a query already. */
function behind(url: string, query: string): string {
	return url.includes("?") ? query.replace("?", "&") : query;
}

/**
 * The pages to go to from here. Where everything older is hidden there is nothing older to go to;
 * and from below the bound a reader is sent up to it, not through the empty pages in between.
 */
function neighboursShown(range: PageRange, slice: Slice): Neighbours {
	const { last, retention, gap } = slice;
	const near = neighbours(range, last, GRID);
	if (gap) return neighboursOfGap(range, near, gap, last);
	if (!retention || retention.first === 0) return near;
	const { first, steadyUntil } = retention;
	const { next, last: oldest, previous, prevArchive, nextArchive, ...rest } = near;
	const archives = steadyUntil === Infinity ? { prevArchive, nextArchive } : {};
	const low = lowestOf(range, last);
	if (range.direction === "backward") {
		return { ...rest, ...archives, previous, ...(low > first ? { next, last: oldest } : {}) };
	}
	const isBelow = low + range.count <= first && low <= last;
	const up = isBelow ? alignedForward(Math.min(first, last + 1), GRID) : previous;
	return { ...rest, ...archives, next, last: oldest, previous: up };
}

/**
 * Where all of a page was scavenged: the pages on both sides of the whole gap. Towards the head
 * that is the page of the grid with the next event, so that all who come here go on together.
 */
function neighboursOfGap(range: PageRange, near: Neighbours, gap: Gap, last: Version): Neighbours {
	const older = Number(gap.first) - 1;
	const newer = Number(gap.last) + 1;
	const isSealedPage = near.nextArchive !== undefined;
	const holding = pageHolding(newer, range, GRID);
	// A page that begins below the gap shows again what a reader on its way up has seen.
	const isBeyond = newer > Number(last) || Number(holding.from) < Number(gap.first);
	const up = isBeyond ? alignedForward(newer, GRID) : holding;
	const down = { direction: "backward", from: older, count: (older % GRID) + 1 } as const;
	const hasOlder = older >= 0;
	return {
		first: near.first,
		...(hasOlder ? { next: down, last: near.last } : {}),
		previous: up,
		...(hasOlder && isSealedPage ? { prevArchive: pageHolding(older, range, GRID) } : {}),
		...(isSealedPage ? { nextArchive: pageHolding(newer, range, GRID) } : {}),
	};
}

function links(urls: Urls, request: PageRequest, slice: Slice): Link[] {
	const { stream, range } = request;
	const near = neighboursShown(range, slice);
	const streamUrl = urls.stream(stream);
	const self = range.from === "head" && range.count === GRID ? streamUrl : urls.page(stream, range);
	const all: Link[] = [
		{ relation: "self", uri: self + behind(self, request.query) },
		{ relation: "current", uri: streamUrl },
		{ relation: "collection", uri: streamUrl },
	];
	const add = (relation: string, page: PageRange | undefined) => {
		if (page) all.push({ relation, uri: urls.page(stream, page) });
	};
	add("first", near.first);
	add("last", near.last);
	add("next", near.next);
	add("previous", near.previous);
	all.push({ relation: "metadata", uri: `${streamUrl}/metadata` });
	add("prev-archive", near.prevArchive);
	add("next-archive", near.nextArchive);
	return all;
}
