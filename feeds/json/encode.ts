/**
 * Feeds and entries as JSON, as clients of EventStore read it: compact, without nulls.
 *
 * The server encodes thousands of pages a second, so this code concatenates text and builds no
 * objects. Each embed level adds to an entry:
 *
 *     content            the event as an object, of resolved links too (upstream leaves those out)
 *     rich               the event's coordinates
 *     body               rich + data and metadata, as strings that hold JSON
 *     pretty             body, objects in them indented
 *     tryharder          pretty, and data that is not JSON as text
 */
import type { Embed, Entry, EntryEvent, Feed, FeedFrame, Link } from "../model.ts";
import { encodeFeed, type FeedParts } from "../parts.ts";
import { encodeEventJson } from "./event.ts";
import { reindentJson } from "./indent.ts";
import { quote, textOf } from "./string.ts";
import { isJsonText } from "./text.ts";

/** A page as a JSON document. */
export function encodeFeedJson(feed: Feed, embed: Embed): string {
	return encodeFeed(JSON_PARTS, feed, embed);
}

export const JSON_PARTS: FeedParts = {
	before: openFeed,
	entry: feedEntry,
	separator: ",",
	behind: "]}",
	isOldestFirst: false,
};

function openFeed(feed: FeedFrame): string {
	return (
		`{"title":${quote(feed.title)},"id":${quote(feed.id)},"updated":${quote(feed.updated)}` +
		`${feed.streamId === undefined ? "" : `,"streamId":${quote(feed.streamId)}`}` +
		`,"author":{"name":${quote(feed.author)}},"headOfStream":${feed.headOfStream}` +
		`${feed.selfUrl === undefined ? "" : `,"selfUrl":${quote(feed.selfUrl)}`}` +
		`${feed.eTag === undefined ? "" : `,"eTag":${quote(feed.eTag)}`}` +
		`,"links":${links(feed.links)},"entries":[`
	);
}

function feedEntry(entry: Entry, embed: Embed): string {
	if (entry.unresolved) return `{${common(entry, "")}`;
	const { event } = entry;
	const content = embed === "content" && event.isJson ? encodeEventJson(event) : "";
	return `{${details(event, embed)}${common(entry, content)}`;
}

/**
 * A single entry as a JSON document. It always holds a JSON event; for a link, only at `content`.
 */
export function encodeEntryJson(entry: Entry, embed: Embed): string {
	const { event } = entry;
	const shown = event.isJson && (embed === "content" || event.linkMetadata === undefined);
	return `{${details(event, embed)}${common(entry, shown ? encodeEventJson(event) : "")}`;
}

/** The members of every level, without the closing brace. */
function common(entry: Entry, content: string): string {
	const id = quote(entry.id);
	return (
		`"title":${quote(entry.title)},"id":${id},"updated":${quote(entry.updated)}` +
		`,"author":{"name":${quote(entry.author)}},"summary":${quote(entry.summary)}` +
		`${content === "" ? "" : `,"content":${content}`},"links":${links(entry.links, entry.id, id)}` +
		`${entry.retryCount === undefined ? "}" : `,"retryCount":${entry.retryCount}}`}`
	);
}

/** @param known a URI that most of the links have, and its literal */
function links(all: readonly Link[], known?: string, literal = ""): string {
	let out = "[";
	for (const { uri, relation } of all) {
		const value = uri === known ? literal : quote(uri);
		out += `${out === "[" ? "" : ","}{"uri":${value},"relation":${quote(relation)}}`;
	}
	return `${out}]`;
}

/** The fields of `rich` and above, each followed by a comma. */
function details(event: EntryEvent, embed: Embed): string {
	if (embed === "none" || embed === "content") return "";
	const stream = quote(event.streamId);
	const { positionStreamId } = event;
	const body = embed === "rich" ? RICH : bodyOf(event, embed);
	return (
		`"eventId":${quote(event.eventId)},"eventType":${quote(event.eventType)}` +
		`,"eventNumber":${event.eventNumber}${body.data},"streamId":${stream}` +
		`,"isJson":${event.isJson || body.foundJson},"isMetaData":${body.isMetaData}` +
		`,"isLinkMetaData":${body.isLinkMetaData},"isRedacted":${event.isRedacted === true}` +
		`,"positionEventNumber":${event.positionEventNumber},"positionStreamId":` +
		`${positionStreamId === event.streamId ? stream : quote(positionStreamId)}` +
		`,"position":${event.position},`
	);
}

type Body = {
	/** The members data, metaData and linkMetaData, as far as they exist. */
	readonly data: string;
	readonly foundJson: boolean;
	readonly isMetaData: boolean;
	readonly isLinkMetaData: boolean;
};

/** The flags are computed only if metadata is shown; clients expect false in them at `rich`. */
const RICH: Body = { data: "", foundJson: false, isMetaData: false, isLinkMetaData: false };

function bodyOf(event: EntryEvent, embed: Embed): Body {
	const { linkMetadata, isJson } = event;
	const pretty = embed !== "body";
	let data = "";
	let foundJson = false;
	if (isJson || embed === "tryharder") {
		const text = textOf(event.data);
		foundJson = !isJson && isObject(text);
		data = `,"data":${shown(text, pretty)}`;
	}
	const isMetaData = event.metadata.length > 0;
	if (isMetaData) data += `,"metaData":${shown(textOf(event.metadata), pretty)}`;
	if (linkMetadata) data += `,"linkMetaData":${shown(textOf(linkMetadata), pretty)}`;
	return { data, foundJson, isMetaData, isLinkMetaData: (linkMetadata?.length ?? 0) > 0 };
}

function shown(text: string, pretty: boolean): string {
	return JSON.stringify(pretty && isObject(text) ? reindentJson(text) : text);
}

/** At every level, arrays and all other JSON stay as they were stored. */
function isObject(text: string): boolean {
	return /^[ \t\n\r]*\{/.test(text) && isJsonText(text);
}
