/**
 * Feeds and entries as Atom (RFC 4287), with the archive mark of RFC 5005.
 *
 * XML has two levels of embedding: from `content` on, an entry carries its event, if that is JSON.
 * The fields that `rich` and the levels above add to JSON have no place in XML, so all these levels
 * show the same. Like the JSON encoder, this code concatenates text and builds no objects.
 */
import type { Embed, Entry, EntryEvent, Feed, FeedFrame, Link } from "../model.ts";
import { encodeFeed, type FeedParts } from "../parts.ts";
import { eventChildren } from "./event.ts";
import { escapeAttribute, escapeText } from "./text.ts";

const DECLARATION = '<?xml version="1.0" encoding="utf-8"?>';
const ATOM = "http://www.w3.org/2005/Atom";
/** RFC 5005 section 4: a document with this mark promises never to change. */
const ARCHIVE = '<fh:archive xmlns:fh="http://purl.org/syndication/history/1.0"/>';

/** A page as an Atom feed document. */
export function encodeFeedAtom(feed: Feed, embed: Embed): string {
	return encodeFeed(ATOM_PARTS, feed, embed);
}

export const ATOM_PARTS: FeedParts = {
	before: openFeed,
	entry: feedEntry,
	separator: "",
	behind: "</feed>",
	isOldestFirst: false,
};

function openFeed(feed: FeedFrame): string {
	return (
		`${DECLARATION}<feed xmlns="${ATOM}"><title>${escapeText(feed.title)}</title>` +
		`<id>${escapeText(feed.id)}</id><updated>${escapeText(feed.updated)}</updated>` +
		`<author><name>${escapeText(feed.author)}</name></author>` +
		`${links(feed.links, "")}${feed.archive ? ARCHIVE : ""}`
	);
}

function feedEntry(entry: Entry, embed: Embed): string {
	const isBare = embed === "none" || entry.unresolved;
	const content = isBare ? "" : contentOf(entry.event, "", ' xmlns=""');
	return `<entry>${children(entry, "", content)}${retryCount(entry)}</entry>`;
}

/**
 * A single entry as an Atom entry document, in which Atom's names have the prefix `atom:`. It
 * always holds a JSON event's content, because an Atom reader has no other way to the data.
 */
export function encodeEntryAtom(entry: Entry, _embed: Embed): string {
	const content = contentOf(entry.event, "atom:", "");
	return (
		`${DECLARATION}<atom:entry xmlns:atom="${ATOM}">` +
		`${children(entry, "atom:", content)}</atom:entry>`
	);
}

/** @param p the prefix of Atom's names, with its colon, or "" */
function children(entry: Entry, p: string, content: string): string {
	return (
		`<${p}title>${escapeText(entry.title)}</${p}title><${p}id>${escapeText(entry.id)}</${p}id>` +
		`<${p}updated>${escapeText(entry.updated)}</${p}updated>` +
		`<${p}author><${p}name>${escapeText(entry.author)}</${p}name></${p}author>` +
		`<${p}summary>${escapeText(entry.summary)}</${p}summary>${links(entry.links, p)}${content}`
	);
}

/** In no namespace, as the children of a content element. */
function retryCount({ retryCount }: Entry): string {
	return retryCount === undefined ? "" : `<retryCount xmlns="">${retryCount}</retryCount>`;
}

function links(all: readonly Link[], p: string): string {
	let out = "";
	for (const { uri, relation } of all) {
		out += `<${p}link href="${escapeAttribute(uri)}" rel="${escapeAttribute(relation)}"/>`;
	}
	return out;
}

function contentOf(event: EntryEvent, p: string, namespace: string): string {
	if (!event.isJson) return "";
	const inner = eventChildren(event, namespace);
	return `<${p}content type="application/xml">${inner}</${p}content>`;
}
