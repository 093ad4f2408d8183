/**
 * The only place that writes or reads a path of the streams API.
 *
 * Stream names are escaped as clients of the contract expect: like `encodeURIComponent`, with !'()*
 * escaped as well, so `/` is %2F and `$` is %24. On `$all` a place in the log is written as 32
 * hexadecimal digits, a commit and a prepare position of 16 each; ours are equal. Such a place is a
 * boundary *between* events: forward from it starts at that position, backward from it starts one
 * below.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import { COUNT_MAX } from "../../feeds/geometry.ts";
import type { Embed } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Histories } from "../log/log.ts";
import type { Urls } from "../pages/entry.ts";
import type { FilteredUrls } from "../pages/filtered.ts";
import type { Paths } from "../purging/paths.ts";
import { parkedStream, type SubscriptionName } from "../subscriptions/names.ts";

/**
 * No URL holds such a character. Node reads its bytes as Latin-1, which no client that sends them
 * means.
 */
export const UNESCAPED = /[^!-~]/;

/** Below the time after which proxies give an idle connection up, which is mostly a minute. */
export const TAIL_WAIT_SECONDS = 20;

const WHOLE_NUMBER = /^\d{1,19}$/;
/** Most stream names: nothing of them needs escaping. */
const PLAIN = /^[\w.~-]+$/;
const POSITION = /^[0-9a-fA-F]{32}$/;

/**
 * The URLs of documents, as a client at `base` sees them.
 * @param base scheme, host and prefix without a slash at its end; "" for paths alone
 * @param histories of the log: every URL of a document that can be kept has the number of this one
 */
export function urlsAt(base: string, histories: Histories): Urls & Paths {
	const { incarnation } = histories;
	const page = (stream: StreamName, range: PageRange) =>
		numbered(pageUrl(base, stream, range), incarnation);
	return {
		stream: (stream) => streamUrl(base, stream),
		metadata: (stream) => `${streamUrl(base, stream)}/metadata`,
		event: (stream, at) => numbered(eventUrl(base, stream, at), incarnation),
		id: (stream, at, position) =>
			numbered(eventUrl(base, stream, at), histories.incarnationAt(position)),
		page,
		pageWithEvents: (stream, range) => withQuery(page(stream, range), "embed=body"),
		tailPage: (stream, range) => asTailUrl(page(stream, range)),
	};
}

export function userUrl(base: string, login: string): string {
	return `${base}/users/${escapeSegment(login)}`;
}

export function tokenUrl(base: string, id: string): string {
	return `${base}/tokens/${escapeSegment(id)}`;
}

export function webhookUrl(base: string, name: string): string {
	return `${base}/webhooks/${escapeSegment(name)}`;
}

export function hubUrl(base: string): string {
	return `${base}/hub`;
}

/** A subscriber of the hub. */
export function subscriberUrl(base: string, id: string): string {
	return `${hubUrl(base)}/${escapeSegment(id)}`;
}

/** Where the public keys of a webhook are. */
export function keySetUrl(base: string, uid: string): string {
	return `${base}/.well-known/varve-webhooks/${uid}/jwks.json`;
}

/** The path that all URLs at a base have in front; "" for none. */
export function prefixOf(base: string): string {
	return new URL(base).pathname.replace(/\/$/, "");
}

/**
 * The URLs of a filtered feed of `$all`, but for the page's own.
 * @param filter the query that says it, without its `?`
 */
export function filteredUrlsAt(
	base: string,
	incarnation: number,
	filter: string,
): Omit<FilteredUrls, "self" | "asTail"> {
	const feed = `${streamUrl(base, ALL)}/filtered`;
	return {
		feed: withQuery(feed, filter),
		page: (page) => numbered(withQuery(`${feed}/${pagePath(ALL, page)}`, filter), incarnation),
	};
}

export function streamUrl(base: string, stream: StreamName): string {
	return `${base}/streams/${escapeSegment(stream)}`;
}

/** @param at an event's version; on `$all` its position */
export function eventUrl(base: string, stream: StreamName, at: Version): string {
	return `${streamUrl(base, stream)}/${stream === ALL ? boundary(at) : at}`;
}

export function pageUrl(base: string, stream: StreamName, page: PageRange): string {
	return `${streamUrl(base, stream)}/${pagePath(stream, page)}`;
}

/** The part of a page's URL behind that of its stream: `40/forward/20`. */
export function pagePath(stream: StreamName, page: PageRange): string {
	return `${fromSegment(stream, page)}/${page.direction}/${page.count}`;
}

/** The URL that makes a POST without an event id repeatable. */
export function incomingUrl(base: string, stream: StreamName, id: string): string {
	return `${streamUrl(base, stream)}/incoming/${id}`;
}

/** A document's own URL, with the embed level it was asked for; the default adds nothing. */
export function withEmbed(url: string, embed: Embed): string {
	return withQuery(url, embed === "none" ? "" : `embed=${embed}`);
}

/** `url`, which may have a query, with another part of one; "" adds nothing. */
export function withQuery(url: string, query: string): string {
	if (query === "") return url;
	return `${url}${url.includes("?") ? "&" : "?"}${query}`;
}

/**
 * A forward page as a tail page. All links have one wait, so that all who wait at one place ask for
 * one URL.
 * @param slot makes another URL of it
 */
export function asTailUrl(url: string, slot?: number): string {
	const waiting = withQuery(url, `wait=${TAIL_WAIT_SECONDS}`);
	return slot === undefined ? waiting : withQuery(waiting, `slot=${slot}`);
}

/** A URL of the history that has this number; the first one is silent. */
export function numbered(url: string, incarnation: number): string {
	return incarnation === 1 ? url : withQuery(url, `i=${incarnation}`);
}

/** A query without the number of a history. */
export function withoutNumber(query: string): string {
	return query
		.split("&")
		.filter((parameter) => !parameter.startsWith("i="))
		.join("&");
}

/**
 * The URL that a request was sent to, without its query and a slash at its end.
 * @param url as the request line has it
 */
export function withoutSlash(base: string, url: string): string {
	return base + pathOf(url).replace(/\/$/, "");
}

/** The path of a URL as the request line has it: nothing is decoded. */
export function pathOf(url: string): string {
	return /^[^?#]*/.exec(url)?.[0] ?? "";
}

/** The URL of a subscription, as links have it. */
export function subscriptionUrl(base: string, { stream, group }: SubscriptionName): string {
	return `${base}/subscriptions/${escapeSegment(stream)}/${escapeSegment(group)}`;
}

/** The same as the contract's `Location` has it: what a path may hold is not escaped. */
export function subscriptionLocation(base: string, { stream, group }: SubscriptionName): string {
	const bare = (text: string) =>
		encodeURIComponent(text).replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent);
	return `${base}/subscriptions/${bare(stream)}/${bare(group)}`;
}

/** The URL of a reader position. */
export function positionUrl(base: string, name: string): string {
	return `${base}/positions/${escapeSegment(name)}`;
}

export function groupUrl(base: string, name: string): string {
	return `${base}/groups/${escapeSegment(name)}`;
}

/** @param id of the member */
export function memberUrl(base: string, group: string, id: string): string {
	return `${groupUrl(base, group)}/members/${escapeSegment(id)}`;
}

/** The URL of a projection, as links have it. */
export function projectionUrl(base: string, name: string): string {
	return `${base}/projection/${escapeSegment(name)}`;
}

/** The same as the contract has it: names are put in as they are, as far as a URL may hold them. */
export function projectionLocation(base: string, name: string): string {
	const bare = encodeURIComponent(name).replace(
		/%(?:24|26|2B|2C|3A|3B|3D|40)/g,
		decodeURIComponent,
	);
	return `${base}/projection/${bare}`;
}

/** The URL of the parked messages, whose `::` the contract does not escape. */
export function parkedUri(base: string, name: SubscriptionName): string {
	return streamUrl(base, parkedStream(name)).replaceAll("%3A%3A", "::");
}

/** The path of a run of scavenge, of which the contract wants no more than that. */
export function scavengePath(id: string): string {
	return `/admin/scavenge/${id}`;
}

/**
 * Reads the `{n}` of a page's URL.
 * @throws Refusal `invalid-event-number`, on `$all` `invalid-position`
 */
export function parseFrom(
	stream: StreamName,
	text: string,
	direction: PageRange["direction"],
): PageRange["from"] {
	if (text === "head" && direction === "backward") return "head";
	if (stream === ALL) return parseBoundary(text) - (direction === "backward" ? 1 : 0);
	return parseVersion(text);
}

/**
 * Reads the `{n}` of a single event's URL.
 * @throws Refusal `invalid-event-number`, on `$all` `invalid-position`
 */
export function parseAt(stream: StreamName, text: string): Version | "head" {
	if (text === "head") return "head";
	return stream === ALL ? parseBoundary(text) : parseVersion(text);
}

/** @throws Refusal `invalid-count` */
export function parseCount(text: string): number {
	const count = WHOLE_NUMBER.test(text) ? Number(text) : 0;
	if (count < 1 || count > COUNT_MAX) {
		throw new Refusal("invalid-count", { value: text.slice(0, 64), countMax: COUNT_MAX });
	}
	return count;
}

export function escapeSegment(text: string): string {
	if (PLAIN.test(text)) return text;
	return encodeURIComponent(text).replace(/[!'()*]/g, hexEscape);
}

function parseVersion(text: string): number {
	// Numbers no log can reach are refused too: beyond 2^53 they would not be the number that was
	// sent.
	const number = WHOLE_NUMBER.test(text) ? Number(text) : -1;
	if (number < 0 || number > Number.MAX_SAFE_INTEGER) {
		throw new Refusal("invalid-event-number", { value: text.slice(0, 64) });
	}
	return number;
}

function parseBoundary(text: string): number {
	const position = POSITION.test(text) ? Number.parseInt(text.slice(0, 16), 16) : -1;
	const negative = /^[89a-f]/i.test(text) || /^[89a-f]/i.test(text.slice(16));
	if (negative || position < 0 || position > Number.MAX_SAFE_INTEGER) {
		throw new Refusal("invalid-position", { value: text.slice(0, 64) });
	}
	return position;
}

function fromSegment(stream: StreamName, page: PageRange): string {
	if (page.from === "head" || stream !== ALL) return String(page.from);
	return boundary(page.direction === "backward" ? page.from + 1 : page.from);
}

function boundary(position: number): string {
	const digits = position.toString(16).toUpperCase().padStart(16, "0");
	return digits + digits;
}

function hexEscape(character: string): string {
	return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
