/**
 * Page arithmetic: which page a reader reads next, and when a page can never change again.
 *
 * The grid. With page size S = 20, links lead a reader that stops at version 47 to 48/forward/12,
 * and from there to 60/forward/20, like all other readers:
 *
 *     0                   20                  40      48    60                  80
 *     ├── 0/forward/20 ───┼── 20/forward/20 ──┼───────┊─────┼── 60/forward/20 ──┤
 *                                             head was here ╰─ 48/forward/12
 *
 * A page shows exactly the range of its URL; only the links made here lead to the grid. Everything
 * is a pure function of the range, the last version and S. So entries, links and lifetime of a
 * document agree if they are computed from one snapshot.
 */

/** A page as its URL names it. `head` starts at the last version, and exists only backward. */
export type PageRange = {
	readonly direction: "forward" | "backward";
	readonly from: number | "head";
	readonly count: number;
};

/** The pages that a page links to. In Atom's words, `next` is older and `previous` is newer. */
export type Neighbours = {
	readonly first: PageRange;
	readonly last?: PageRange | undefined;
	readonly next?: PageRange | undefined;
	readonly previous?: PageRange | undefined;
	/**
	 * RFC 5005 section 4: the neighbouring documents of an archive. Only sealed pages of the grid
	 * have them.
	 */
	readonly prevArchive?: PageRange | undefined;
	readonly nextArchive?: PageRange | undefined;
};

/** S: the page size of the grid that all links lead to. */
export const GRID = 20;
/** The most versions that one page may cover, as clients expect. */
export const COUNT_MAX = 4096;

/**
 * A page is sealed when the log already reaches past its newest slot: it can never change again.
 * `last` is the stream's last version, -1 for none. A head page is never sealed.
 */
export function isSealed(range: PageRange, last: number): boolean {
	if (range.from === "head") return false;
	const newest = range.direction === "forward" ? range.from + range.count - 1 : range.from;
	return newest <= last;
}

/**
 * The pages that a document links to, from its range and the stream's last version.
 * @param size S, the grid's page size
 */
export function neighbours(range: PageRange, last: number, size = GRID): Neighbours {
	const near =
		range.direction === "forward" ? forward(range, last, size) : backward(range, last, size);
	return {
		first: { direction: "backward", from: "head", count: range.count },
		...near,
		...(isSealed(range, last) ? archives(range, size) : {}),
	};
}

/**
 * The first page for a reader that has everything below `from`, so that it joins the grid of `size`
 * after one page: 48 on a grid of 20 gives 48/forward/12.
 */
export function alignedForward(from: number, size = GRID): PageRange {
	return { direction: "forward", from, count: size - (from % size) };
}

/**
 * The page for a reader that waits for its first event: the same if it ends on the grid of `size`,
 * else shorter. So all who wait for an event ask for one page.
 */
export function pageToWaitAt(range: PageRange, size = GRID): PageRange {
	const from = Number(range.from);
	return (from + range.count) % size === 0 ? range : alignedForward(from, size);
}

/**
 * The page that holds `version`, on the grid of a reader of `range`: the reader's own grid if its
 * count is a multiple of `size` and the range is aligned to it, otherwise the grid of `size`.
 */
export function pageHolding(version: number, range: PageRange, size = GRID): PageRange {
	const isAligned = range.from !== "head" && range.from % range.count === 0;
	const count = isAligned && range.count % size === 0 ? range.count : size;
	return { direction: "forward", from: version - (version % count), count };
}

function forward(range: PageRange, last: number, size: number): Partial<Neighbours> {
	const from = lowest(range, last);
	const end = from + range.count;
	const older: Partial<Neighbours> =
		from > 0
			? {
					last: { direction: "forward", from: 0, count: range.count },
					next: { direction: "backward", from: from - 1, count: range.count },
				}
			: {};
	// There is no event yet: the reader asks the same URL again.
	if (from > last) return older;
	if (end - 1 > last) return { ...older, previous: alignedForward(last + 1, size) };
	return {
		...older,
		previous: { direction: "forward", from: end, count: onward(end, range, size) },
	};
}

function backward(range: PageRange, last: number, size: number): Partial<Neighbours> {
	const from = range.from === "head" ? last : range.from;
	const low = lowest(range, last);
	const up = from + 1;
	// A sealed page must say the same, even if it was the head at the time of the request.
	const previous: PageRange = isSealed(range, last)
		? { direction: "forward", from: up, count: onward(up, range, size) }
		: alignedForward(last + 1, size);
	if (low <= 0) return { previous };
	const down = range.from === "head" ? ((low - 1) % size) + 1 : onward(low, range, size);
	return {
		last: { direction: "forward", from: 0, count: range.count },
		next: { direction: "backward", from: low - 1, count: down },
		previous,
	};
}

/** Full pages follow a short page that ends on the grid; any other size is kept. */
function onward(boundary: number, range: PageRange, size: number): number {
	return range.count < size && boundary % size === 0 ? size : range.count;
}

/**
 * The archive documents before and after a sealed page of the grid: its neighbours of the same
 * size, which is a multiple of S. Any other page (such as 48/forward/12, or 0/forward/1) is not a
 * document of an archive, because its neighbours on the grid would overlap it. The result depends
 * only on the range, because a sealed page's bytes, links included, must never change.
 */
function archives(range: PageRange, size: number): Partial<Neighbours> {
	const { count } = range;
	const low = lowest(range, 0);
	if (low < 0 || low % count !== 0 || count % size !== 0) return {};
	const page = (from: number): PageRange => ({ direction: "forward", from, count });
	return {
		...(low > 0 ? { prevArchive: page(low - count) } : {}),
		nextArchive: page(low + count),
	};
}

function lowest(range: PageRange, last: number): number {
	const from = range.from === "head" ? last : range.from;
	return range.direction === "forward" ? from : from - range.count + 1;
}
