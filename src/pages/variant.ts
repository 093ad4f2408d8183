/**
 * Facts of a page besides the events of its range: its variant, a number for its tag, the streams
 * whose change makes caches drop the page, and whether it holds links.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { LINK_TYPE } from "../indexes/links.ts";
import type { Slice, StreamEntry } from "../log/log.ts";

/**
 * The variant of a page: a number made of its first visible version, if that is within the page, of
 * its links that lead nowhere, of its events without content, and of what its reader may not read.
 * Two pages of one URL and one last version are equal if their variants are. 0 if retention, links
 * and rights change nothing.
 */
export function variantOf(range: PageRange, slice: Slice): number {
	const { retention, entries, last } = slice;
	const withheld = withheldIn(slice);
	if (!retention) return fold(withheld);
	const { first } = retention;
	const starts = first > 0 && lowestOf(range, last) <= first;
	const shown = [...unresolvedIn(entries), ...hiddenIn(entries)];
	return fold([...(starts ? [first] : []), ...shown, ...withheld]);
}

/**
 * The variant of a filtered page: its links that lead nowhere, and what its reader may not read, as
 * a number; 0 if there is nothing of these.
 */
export function filteredVariant(slice: Pick<Slice, "entries" | "withheld">): number {
	return fold([...unresolvedIn(slice.entries), ...withheldIn(slice)]);
}

function withheldIn({ withheld = [] }: Pick<Slice, "withheld">): number[] {
	return withheld.map(({ version }) => Math.imul(Number(version), 2) ^ 0x2f3d);
}

function unresolvedIn(entries: readonly StreamEntry[]): Version[] {
	return entries.flatMap(({ unresolved, version }) => (unresolved ? [version] : []));
}

/** Below zero: an event that is hidden is another thing than a link in its place. */
function hiddenIn(entries: readonly StreamEntry[]): number[] {
	return entries.flatMap(({ isHidden, version }) => (isHidden ? [-2 - version] : []));
}

/** FNV-1a, on whole numbers. */
function fold(numbers: readonly number[]): number {
	let folded = 0;
	for (const number of numbers) folded = Math.imul(folded ^ (number + 1), 0x01000193) & 0x7fffffff;
	return folded;
}

/**
 * The stream that was read, and the stream of every event and link that the page shows, or would
 * show to a reader who may read all of it.
 */
export function streamsShown(
	stream: StreamName,
	{ entries, withheld = [] }: Pick<Slice, "entries" | "withheld">,
): StreamName[] {
	const streams = new Set([stream]);
	for (const { stream: other } of withheld) streams.add(other);
	for (const { event, link, unresolved } of entries) {
		streams.add(event.stream);
		if (link) streams.add(link.stream);
		if (unresolved) streams.add(unresolved.stream);
	}
	return [...streams];
}

/**
 * The links that a document shows, resolved or as they are. An index stream is made of links, which
 * the log writes. In other streams, a link is an event that a client wrote.
 */
export type Links =
	| "none"
	/** In `$all` or an index stream. */
	| "gathered"
	/** In an own stream: what they lead to has another ACL. */
	| "written";

export function linksShown(stream: StreamName, entries: readonly StreamEntry[]): Links {
	if (isIndexStream(stream)) return "gathered";
	const isLink = ({ event, link, unresolved }: StreamEntry) =>
		link || unresolved || event.type === LINK_TYPE;
	if (!entries.some(isLink)) return "none";
	return stream === ALL ? "gathered" : "written";
}

/**
 * Whether a document of a stream may hold links, as far as the last version of the stream tells. Of
 * an own stream that holds links, the last version is not known without a read.
 */
export function mayHoldLinks(stream: StreamName): boolean {
	return stream === ALL || isIndexStream(stream);
}

/** The lowest version that a range covers; below 0 if it reaches beyond the first. */
export function lowestOf({ from, direction, count }: PageRange, last: Version): Version {
	const start = from === "head" ? last : from;
	return direction === "forward" ? start : start - count + 1;
}
