/**
 * A filtered scan of `$all`, as a feed. Its links carry the filter.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import type { Feed, Link } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL } from "../event.ts";
import type { LogReads, StreamEntry, Withheld } from "../log/log.ts";
import { composeEntry, NO_TIME, type Urls } from "./entry.ts";
import type { Scan } from "./scan.ts";

export type FilteredUrls = {
	/** The feed, with its filter. */
	readonly feed: string;
	/** The page's own URL, as it was asked for. */
	readonly self: string;
	page(page: PageRange): string;
	/**
	 * Makes the URL of a forward page that of its tail page; undefined if the reader does not wait.
	 * @param isSamePage whether it is this page again
	 */
	readonly asTail: ((url: string, isSamePage: boolean) => string) | undefined;
};

export function composeFiltered(
	urls: Urls,
	filtered: FilteredUrls,
	range: PageRange,
	scanned: Scan,
	matches: readonly StreamEntry[],
): Feed {
	const newestFirst = range.direction === "backward" ? matches : matches.toReversed();
	const entries = newestFirst.map((entry) => composeEntry(urls, ALL, entry));
	return {
		id: filtered.feed,
		title: "All events",
		updated: entries[0]?.updated ?? NO_TIME,
		author: "EventStore",
		headOfStream: false,
		archive: false,
		links: filteredLinks(filtered, range, scanned),
		entries,
	};
}

/** Which parts of the matches to read, since a scan leaves them out. */
export type CompletionOptions = {
	/** Data and metadata. */
	readonly content: boolean;
	/** Of links, the events they point to. The filter looked at the links themselves. */
	readonly resolve: boolean;
	readonly pageBytesMax: number;
};

/**
 * Reads the parts of the matches that the scan left out.
 * @throws Refusal `page-too-large`
 */
export async function completeMatches(
	log: LogReads,
	matches: readonly StreamEntry[],
	{ content, resolve, pageBytesMax }: CompletionOptions,
): Promise<Completed> {
	const whole: StreamEntry[] = [];
	const withheld: Withheld[] = [];
	let bytes = 0;
	for (const { version } of matches) {
		const range = { stream: ALL, from: version, limit: 1, direction: "forward" } as const;
		const slice = await log.read({ ...range, content, resolve });
		withheld.push(...(slice.withheld ?? []));
		const [entry] = slice.entries;
		if (!entry) continue;
		bytes += entry.event.data.length + entry.event.metadata.length;
		if (bytes > pageBytesMax) throw new Refusal("page-too-large", { bytes, pageBytesMax });
		whole.push(entry);
	}
	return { entries: whole, withheld };
}

type Completed = { readonly entries: StreamEntry[]; readonly withheld: readonly Withheld[] };

/** As the links of `$all`, but without the one to the metadata, which a filter has not. */
export function filteredLinks(urls: FilteredUrls, range: PageRange, scanned: Scan): Link[] {
	const { direction, count } = range;
	const { from, end, last } = scanned;
	const forward = direction === "forward";
	const older = forward ? from - 1 : end;
	const newer = forward ? end : Math.min(from, last) + 1;
	const all: Link[] = [
		{ relation: "self", uri: urls.self },
		{ relation: "current", uri: urls.feed },
		{ relation: "collection", uri: urls.feed },
		{ relation: "first", uri: urls.page({ direction: "backward", from: "head", count }) },
	];
	if (older >= 0) {
		all.push({ relation: "last", uri: urls.page({ direction: "forward", from: 0, count }) });
		all.push({ relation: "next", uri: urls.page({ direction: "backward", from: older, count }) });
	}
	// If a page searched nothing, its reader asks for the same page again: one that waits, by a link.
	const isSamePage = forward && end <= from;
	if (isSamePage && !urls.asTail) return all;
	const onward = urls.page({ direction: "forward", from: isSamePage ? from : newer, count });
	all.push({ relation: "previous", uri: urls.asTail?.(onward, isSamePage) ?? onward });
	return all;
}
