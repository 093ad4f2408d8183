/**
 * Decodes feeds and entries from Atom.
 *
 * Atom does not carry all of a feed: streamId, headOfStream, selfUrl, eTag and the coordinates that
 * `rich` adds exist only in JSON. Data and metadata come back only if they were plain text.
 * Elements have lost the types, the order among different names and the spaces of the JSON they
 * show, and an empty element may be an empty object, an empty array, null or nothing at all. In
 * these cases the event has no such field; read the bytes from JSON or from the event itself.
 */
import { FeedFormatError } from "../errors.ts";
import type { DecodedEntry, DecodedFeed, EntryEvent, Link } from "../model.ts";
import {
	attributeOf,
	childrenOf,
	type Element,
	isElement,
	isTextOnly,
	parseXml,
	textOf,
} from "./xml.ts";

const ATOM = "http://www.w3.org/2005/Atom";
const HISTORY = "http://purl.org/syndication/history/1.0";

/**
 * Reads a page.
 * @throws FeedFormatError if `xml` is not an Atom feed document
 */
export function decodeFeedAtom(xml: string): DecodedFeed {
	const feed = parseXml(xml);
	if (!isElement(feed, ATOM, "feed")) throw new FeedFormatError("the root is not an Atom feed");
	return {
		id: textIn(feed, "id", "feed"),
		title: textIn(feed, "title", "feed"),
		updated: textIn(feed, "updated", "feed"),
		author: authorOf(feed),
		headOfStream: false,
		archive: childrenOf(feed, HISTORY, "archive").length > 0,
		links: linksOf(feed, "feed"),
		entries: childrenOf(feed, ATOM, "entry").map((entry, i) => entryOf(entry, `entry ${i}`)),
	};
}

/**
 * Reads the document of a single entry.
 * @throws FeedFormatError if `xml` is not an Atom entry document
 */
export function decodeEntryAtom(xml: string): DecodedEntry {
	const entry = parseXml(xml);
	if (!isElement(entry, ATOM, "entry")) throw new FeedFormatError("the root is not an Atom entry");
	return entryOf(entry, "entry");
}

function entryOf(entry: Element, at: string): DecodedEntry {
	const content = childrenOf(entry, ATOM, "content")[0];
	const event = content && eventOf(content, at);
	const summary = childrenOf(entry, ATOM, "summary")[0];
	return {
		title: textIn(entry, "title", at),
		id: textIn(entry, "id", at),
		updated: textIn(entry, "updated", at),
		author: authorOf(entry),
		summary: summary ? textOf(summary) : "",
		links: linksOf(entry, at),
		...(event === undefined ? {} : { event }),
	};
}

/** The event in a content element; undefined if the content is not an event. */
function eventOf(content: Element, at: string): Partial<EntryEvent> | undefined {
	const [streamId, eventNumber, eventType, eventId] = [
		"eventStreamId",
		"eventNumber",
		"eventType",
		"eventId",
	].map((name) => childrenOf(content, "", name)[0]);
	if (!streamId || !eventNumber || !eventType || !eventId) return undefined;
	const number = textOf(eventNumber);
	if (!/^\d{1,15}$/.test(number)) {
		throw new FeedFormatError(`${at}: the event number is not a whole number`);
	}
	const data = plainBytes(content, "data");
	const metadata = plainBytes(content, "metadata");
	return {
		streamId: textOf(streamId),
		eventNumber: Number(number),
		eventType: textOf(eventType),
		eventId: textOf(eventId),
		// Only JSON events have content.
		isJson: true,
		...(data === undefined ? {} : { data }),
		...(metadata === undefined ? {} : { metadata }),
	};
}

function plainBytes(content: Element, name: string): Uint8Array | undefined {
	const [element, ...more] = childrenOf(content, "", name);
	if (!element || more.length > 0 || !isTextOnly(element)) return undefined;
	const text = textOf(element);
	return text === "" ? undefined : Buffer.from(text);
}

function textIn(parent: Element, name: string, at: string): string {
	const element = childrenOf(parent, ATOM, name)[0];
	if (element) return textOf(element);
	throw new FeedFormatError(`${at}: ${name} is missing`);
}

function authorOf(parent: Element): string {
	const author = childrenOf(parent, ATOM, "author")[0];
	const name = author && childrenOf(author, ATOM, "name")[0];
	return name ? textOf(name) : "";
}

function linksOf(parent: Element, at: string): Link[] {
	return childrenOf(parent, ATOM, "link").map((link) => {
		const uri = attributeOf(link, "href");
		if (uri === undefined) throw new FeedFormatError(`${at}: a link has no href`);
		// RFC 4287 section 4.2.7.2: a link without a relation is an alternate.
		return { relation: attributeOf(link, "rel") ?? "alternate", uri };
	});
}
