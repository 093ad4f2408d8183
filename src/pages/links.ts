/**
 * The links of a page: along the grid, around hidden events, and across gaps.
 */
import {
	alignedForward,
	GRID,
	type Neighbours,
	neighbours,
	type PageRange,
	pageHolding,
	pageToWaitAt,
} from "../../feeds/geometry.ts";
import type { Link } from "../../feeds/model.ts";
import type { StreamName, Version } from "../event.ts";
import type { Gap, Slice } from "../log/log.ts";
import type { Urls } from "./entry.ts";
import { lowestOf } from "./variant.ts";

/** What a page is asked for. */
type Asked = {
	readonly stream: StreamName;
	readonly range: PageRange;
	/** As `PageSpec` has them. */
	readonly hub?: string | undefined;
	readonly asAsked: (url: string) => string;
	readonly asTail?: ((url: string, isSamePage: boolean) => string) | undefined;
};

export function pageLinks(urls: Urls, asked: Asked, slice: Slice): Link[] {
	const { stream, range, asAsked } = asked;
	const near = neighboursShown(range, slice);
	const streamUrl = urls.stream(stream);
	const self = range.from === "head" && range.count === GRID ? streamUrl : urls.page(stream, range);
	const links: Link[] = [
		{ relation: "self", uri: asAsked(self) },
		{ relation: "current", uri: streamUrl },
		{ relation: "collection", uri: streamUrl },
	];
	if (asked.hub !== undefined) links.push({ relation: "hub", uri: asked.hub });
	const add = (relation: string, page: PageRange | undefined) => {
		if (page) links.push({ relation, uri: urls.page(stream, page) });
	};
	add("first", near.first);
	add("last", near.last);
	add("next", near.next);
	if (asked.asTail) links.push({ relation: "previous", uri: onwardUrl(urls, asked, near) });
	else add("previous", near.previous);
	links.push({ relation: "metadata", uri: urls.metadata(stream) });
	add("prev-archive", near.prevArchive);
	add("next-archive", near.nextArchive);
	return links;
}

/** Where a reader of a tail page goes on: it always leads on, if only to the same page. */
function onwardUrl(
	urls: Urls,
	{ stream, range, asTail = (url) => url }: Asked,
	{ previous }: Neighbours,
): string {
	const page = pageToWaitAt(previous ?? range);
	return asTail(urls.page(stream, page), previous === undefined);
}

/**
 * The pages to go to from here. If everything older is hidden there is no older page to go to. A
 * reader below the bound is sent up to it, not through the empty pages in between.
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
 * The pages on both sides of a gap, if all of a page was scavenged. Towards the head that is the
 * page of the grid with the next event, so that all readers of this page go on together.
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
