/**
 * Decodes feeds and entries from JSON: those of Varve, and those of EventStore since version 3.
 * Members that are null count as missing. Unknown members are ignored. Members that a reader
 * depends on must be there and be valid.
 */
import { FeedFormatError } from "../errors.ts";
import type { DecodedEntry, DecodedFeed, Link } from "../model.ts";
import { arrayIn, type Json, objectOf, optionalText, textIn } from "./members.ts";
import { type ContentText, contentOf, contentsOf, shownEvent } from "./shown.ts";
import { skipSpace } from "./text.ts";

/** Only archive documents have such neighbours; JSON has no mark of its own for them. */
const ARCHIVE = new Set(["prev-archive", "next-archive"]);

/**
 * Reads a page. An entry's event holds what the embed level of the document shows of it:
 *
 * - from `body` on, data and metadata are the stored bytes (at `pretty`, objects are re-indented);
 * - at `content` they are the bytes in the document; of a string, they are the text in it, because
 *   the document does not say whether it was stored with its quotes;
 * - at `rich` there is no data, at `none` there is no event.
 *
 * @throws FeedFormatError if `text` is not a feed
 */
export function decodeFeedJson(text: string): DecodedFeed {
	const feed = parseObject(text, "feed");
	const contents = text.includes('"content"') ? contentsOf(text) : [];
	const links = linksOf(feed, "feed");
	const streamId = optionalText(feed, "streamId", "feed");
	const selfUrl = optionalText(feed, "selfUrl", "feed");
	const eTag = optionalText(feed, "eTag", "feed");
	return {
		id: textIn(feed, "id", "feed"),
		title: textIn(feed, "title", "feed"),
		updated: textIn(feed, "updated", "feed"),
		author: authorOf(feed, "feed"),
		...(streamId === undefined ? {} : { streamId }),
		headOfStream: feed.headOfStream === true,
		...(selfUrl === undefined ? {} : { selfUrl }),
		...(eTag === undefined ? {} : { eTag }),
		archive: links.some(({ relation }) => ARCHIVE.has(relation)),
		links,
		entries: arrayIn(feed, "entries", "feed").map((entry, index) => {
			const at = `entries[${index}]`;
			return entryOf(objectOf(entry, at), contents[index], at);
		}),
	};
}

/**
 * Reads the document of a single entry, as `decodeFeedJson` reads those of a page.
 * @throws FeedFormatError if `text` is not an entry
 */
export function decodeEntryJson(text: string): DecodedEntry {
	const entry = parseObject(text, "entry");
	return entryOf(entry, contentOf(text, skipSpace(text, 0)), "entry");
}

function parseObject(text: string, what: string): Json {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		throw new FeedFormatError(`the ${what} is not JSON`, error);
	}
	return objectOf(value, `the ${what}`);
}

function entryOf(entry: Json, content: ContentText | undefined, at: string): DecodedEntry {
	const event = shownEvent(entry, content, at);
	return {
		title: textIn(entry, "title", at),
		id: textIn(entry, "id", at),
		updated: textIn(entry, "updated", at),
		author: authorOf(entry, at),
		summary: optionalText(entry, "summary", at) ?? "",
		links: linksOf(entry, at),
		...(event === undefined ? {} : { event }),
	};
}

function linksOf(json: Json, at: string): Link[] {
	return arrayIn(json, "links", at).map((value, index) => {
		const link = objectOf(value, `${at}.links[${index}]`);
		return {
			relation: textIn(link, "relation", `${at}.links[${index}]`),
			uri: textIn(link, "uri", `${at}.links[${index}]`),
		};
	});
}

function authorOf(json: Json, at: string): string {
	const author = json.author ?? undefined;
	if (author === undefined) return "";
	return optionalText(objectOf(author, `${at}.author`), "name", `${at}.author`) ?? "";
}
