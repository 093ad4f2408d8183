/**
 * A feed as text, put together of the texts of its entries. The text of an entry depends on that
 * entry and the embed level alone, so whoever keeps it can put it into another page.
 */
import type { Embed, Entry, Feed, FeedFrame } from "./model.ts";

export type FeedParts = {
	/** All that stands before the entries. */
	before(frame: FeedFrame): string;
	/** One entry; empty if the format has no place for it. */
	entry(entry: Entry, embed: Embed): string;
	readonly separator: "," | "";
	/** All that stands behind the entries, in ASCII. */
	readonly behind: string;
	readonly isOldestFirst: boolean;
};

export function encodeFeed(parts: FeedParts, feed: Feed, embed: Embed): string {
	const texts = feed.entries.map((entry) => parts.entry(entry, embed));
	return parts.before(feed) + inOrder(parts, texts).join(parts.separator) + parts.behind;
}

/**
 * The texts of entries as they stand in the feed, without those it has no place for.
 * @param newestFirst the texts of all entries
 */
export function inOrder(
	{ isOldestFirst }: FeedParts,
	newestFirst: readonly string[],
): readonly string[] {
	const shown = newestFirst.includes("") ? newestFirst.filter((text) => text) : newestFirst;
	return isOldestFirst ? shown.toReversed() : shown;
}
