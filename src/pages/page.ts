/**
 * A range of a stream, as a feed.
 *
 * Everything a page says (entries, links, whether it is sealed, its tag) is computed from one read
 * and the `last` of that same moment, so a reader that follows its links sees each event once, in
 * order.
 */
import { GRID, isSealed, neighbours, type PageRange } from "../../feeds/geometry.ts";
import type { Entry, Feed, Link } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Log, Slice } from "../log/log.ts";
import { composeEntry, NO_TIME, type Urls } from "./entry.ts";

export type PageRequest = {
	readonly stream: StreamName;
	readonly range: PageRange;
	/** Whether the document will show the events' data. */
	readonly content: boolean;
	/** The value of the head page's tag, from the last version. */
	readonly tag: (last: Version) => string;
	/** Behind the page's own URL, as it was asked for. */
	readonly query: string;
};

export type Page = {
	readonly feed: Feed;
	readonly sealed: boolean;
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
	});
	if (slice.last < 0 && stream !== ALL) throw new Refusal("stream-not-found", { stream });
	const sealed = isSealed(range, slice.last);
	return {
		feed: composeFeed(urls, request, slice, sealed),
		sealed,
		newest: sealed ? newestOf(range) : slice.last,
	};
}

/**
 * The newest version a sealed page covers; it stands in the page's ETag, which must never change.
 */
export function newestOf(range: PageRange): Version {
	const from = range.from === "head" ? 0 : range.from;
	return range.direction === "forward" ? from + range.count - 1 : from;
}

function composeFeed(urls: Urls, request: PageRequest, slice: Slice, sealed: boolean): Feed {
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
		// A sealed page that ends at the head has to say the same when it no longer does.
		headOfStream: !all && !sealed && (head || (!backward && endsAtHead(range, slice.last))),
		...(all ? {} : { streamId: stream }),
		...(backward && !all ? { selfUrl: id } : {}),
		...(head && !all ? { eTag: request.tag(slice.last) } : {}),
		archive: sealed,
		links: links(urls, request, slice.last),
		entries,
	};
}

/**
 * The contract's rule: a backward page is as new as its newest entry, a forward page as its oldest.
 */
function updatedOf(entries: readonly Entry[], byNewest: boolean): string {
	return (byNewest ? entries[0] : entries.at(-1))?.updated ?? NO_TIME;
}

function endsAtHead(range: PageRange, last: Version): boolean {
	return range.from !== "head" && range.from + range.count - 1 >= last;
}

/** A URL may have a query already. */
function behind(url: string, query: string): string {
	return url.includes("?") ? query.replace("?", "&") : query;
}

function links(urls: Urls, request: PageRequest, last: Version): Link[] {
	const { stream, range } = request;
	const near = neighbours(range, last, GRID);
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
