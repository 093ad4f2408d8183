/**
 * A feed as text, put together of the texts of its entries. The text of an entry depends on that
 * entry and the embed level alone, so whoever keeps it can put it into another page.
 */
import type { Embed, Entry, Feed, FeedFrame } from "./model.ts";

export type FeedParts = {
	/** All that stands before the entries. */
	open(frame: FeedFrame): string;
	/** One entry; empty if the format has no place for it. */
	entry(entry: Entry, embed: Embed): string;
	readonly separator: "," | "";
	/** All that stands behind the entries, in ASCII. */
	readonly close: string;
	readonly isOldestFirst: boolean;
};

export function encodeFeed(parts: FeedParts, feed: Feed, embed: Embed): string {
	const texts = feed.entries.map((entry) => parts.entry(entry, embed));
	return parts.open(feed) + joinEntries(parts, texts);
}

/**
 * What follows `open`.
 * @param newestFirst the texts of the entries
 */
export function joinEntries(
	{ separator, close, isOldestFirst }: FeedParts,
	newestFirst: readonly string[],
): string {
	const shown = newestFirst.includes("") ? newestFirst.filter((text) => text) : newestFirst;
	const texts = isOldestFirst ? shown.toReversed() : shown;
	return texts.join(separator) + close;
}
