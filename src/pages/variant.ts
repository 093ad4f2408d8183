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
 * its links that lead nowhere, and of its events without content. Two pages of one URL and one last
 * version are equal if their variants are. 0 if retention and links change nothing.
 */
export function variantOf(range: PageRange, { retention, entries, last }: Slice): number {
	if (!retention) return 0;
	const { first } = retention;
	const starts = first > 0 && lowestOf(range, last) <= first;
	return fold([...(starts ? [first] : []), ...unresolvedIn(entries), ...hiddenIn(entries)]);
}

/**
 * The variant of a filtered page: its links that lead nowhere, as a number; 0 if there are none.
 */
export function unresolvedVariant(entries: readonly StreamEntry[]): number {
	return fold(unresolvedIn(entries));
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

/** The stream that was read, and the stream of every event and link that the page shows. */
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
 * Whether a read shows links, or what they lead to: then the request says which. An index stream is
 * made of links, which the log writes; in other streams a link is an event that a client wrote.
 */
export function holdsLinks(stream: StreamName, entries: readonly StreamEntry[]): boolean {
	if (isIndexStream(stream)) return true;
	return entries.some(
		({ event, link, unresolved }) => link || unresolved || event.type === LINK_TYPE,
	);
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
