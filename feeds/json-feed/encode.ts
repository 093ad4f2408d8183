/**
 * A page as a JSON Feed (jsonfeed.org, version 1.1), for readers that know no event store.
 *
 * `content_text` is the event's data as text; the extension `_varve` is the whole event, its bytes
 * untouched, as a line of NDJSON has it.
 */
import { quote, textOf } from "../json/string.ts";
import type { Entry, Feed } from "../model.ts";
import { encodeEntryLine } from "../ndjson/encode.ts";

const VERSION = "https://jsonfeed.org/version/1.1";

export function encodeJsonFeed(feed: Feed): string {
	const uri = (relation: string) => feed.links.find((link) => link.relation === relation)?.uri;
	// "The next n items": older ones, which is what `next` leads to in Atom's words as well.
	const next = uri("next");
	return (
		`{"version":${quote(VERSION)},"title":${quote(feed.title)}` +
		`,"home_page_url":${quote(feed.id)},"feed_url":${quote(uri("self") ?? feed.id)}` +
		`${next === undefined ? "" : `,"next_url":${quote(next)}`}` +
		`,"authors":[{"name":${quote(feed.author)}}]` +
		`,"items":[${feed.entries.flatMap(item).join(",")}]}`
	);
}

/** An item has to have content, be it empty; a link that leads nowhere has none to give. */
function item(entry: Entry): string[] {
	if (entry.unresolved) return [];
	const { event } = entry;
	const id = quote(entry.id);
	return [
		`{"id":${id},"url":${id},"title":${quote(entry.title)}` +
			`,"content_text":${JSON.stringify(textOf(event.data))}` +
			`,"date_published":${quote(entry.updated)},"tags":[${quote(event.eventType)}]` +
			`,"_varve":${encodeEntryLine(entry).trimEnd()}}`,
	];
}
