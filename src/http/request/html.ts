/**
 * Whether a client wants a page for people. A browser does: it lists `text/html` before any type
 * that programs ask for. Feed readers, programs and caches, which name their types first or name
 * none, get what they got before there were pages.
 */
import type { IncomingMessage } from "node:http";
import { LRUCache } from "lru-cache";
import { EVENT_TYPES } from "../../../feeds/formats/event.ts";
import { DESCRIBED_FEED_TYPES } from "../../../feeds/formats/feed.ts";
import { type MediaType, negotiate, OTHER_FEEDS } from "../../../feeds/media.ts";

export const HTML: MediaType = { name: "text/html", contentType: "text/html; charset=utf-8" };

const NAMED = /\btext\/html\b/i;
const SERVICE = { name: "application/atomsvc+xml", contentType: "application/atomsvc+xml" };
/** All that a program may name; HTML last, since a wildcard is no wish for it. */
const AVAILABLE: readonly MediaType[] = [
	...DESCRIBED_FEED_TYPES,
	...EVENT_TYPES,
	...OTHER_FEEDS,
	SERVICE,
	HTML,
];

/** Headers remembered by their text: more than any honest population of browsers sends. */
const REMEMBERED = 200;
const REMEMBERED_LENGTH_MAX = 512;
const verdicts = new LRUCache<string, { readonly isHtml: boolean }>({ max: REMEMBERED });

/** Whether a client lists HTML at all, as every browser does that opens a URL. */
export function namesHtml({ headers: { accept } }: IncomingMessage): boolean {
	return accept !== undefined && NAMED.test(accept);
}

/** @param query the URL's query without its `?`: `format` in it names another form */
export function prefersHtml({ headers: { accept } }: IncomingMessage, query = ""): boolean {
	if (accept === undefined || !NAMED.test(accept)) return false;
	if (query.includes("format=") && new URLSearchParams(query).get("format")) return false;
	const known = verdicts.get(accept);
	if (known) return known.isHtml;
	const isHtml = negotiate(accept, AVAILABLE) === HTML;
	if (accept.length <= REMEMBERED_LENGTH_MAX) verdicts.set(accept, { isHtml });
	return isHtml;
}
