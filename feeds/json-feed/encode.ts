/**
 * A page as a JSON Feed (jsonfeed.org, version 1.1), for general feed readers.
 *
 * `content_text` is the event's data as text. The extension `_varve` is the whole event with its
 * bytes unchanged, as in a line of NDJSON.
 */
import { quote, textOf } from "../json/string.ts";
import type { Entry, Feed, FeedFrame } from "../model.ts";
import { encodeEntryLine } from "../ndjson/encode.ts";
import { encodeFeed, type FeedParts } from "../parts.ts";

const VERSION = "https://jsonfeed.org/version/1.1";

export function encodeJsonFeed(feed: Feed): string {
	return encodeFeed(JSON_FEED_PARTS, feed, "body");
}

export const JSON_FEED_PARTS: FeedParts = {
	before: openFeed,
	entry: item,
	separator: ",",
	behind: "]}",
	isOldestFirst: false,
};

function openFeed(feed: FeedFrame): string {
	const uri = (relation: string) => feed.links.find((link) => link.relation === relation)?.uri;
	// "The next n items" are older ones; in Atom, `next` leads to older entries too.
	const next = uri("next");
	return (
		`{"version":${quote(VERSION)},"title":${quote(feed.title)}` +
		`,"home_page_url":${quote(feed.id)},"feed_url":${quote(uri("self") ?? feed.id)}` +
		`${next === undefined ? "" : `,"next_url":${quote(next)}`}` +
		`,"authors":[{"name":${quote(feed.author)}}]` +
		`,"items":[`
	);
}

/** An item must have content, even if it is empty; a link without a target has no other. */
function item(entry: Entry): string {
	if (entry.unresolved) return "";
	const { event } = entry;
	const url = entry.links.find(({ relation }) => relation === "alternate")?.uri ?? entry.id;
	return (
		`{"id":${quote(entry.id)},"url":${quote(url)},"title":${quote(entry.title)}` +
		`,"content_text":${JSON.stringify(textOf(event.data))}` +
		`,"date_published":${quote(entry.updated)},"tags":[${quote(event.eventType)}]` +
		`,"_varve":${encodeEntryLine(entry).trimEnd()}}`
	);
}
