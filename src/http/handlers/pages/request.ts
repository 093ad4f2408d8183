/**
 * A request for a page, read from its URL and its headers.
 */

import type { IncomingMessage } from "node:http";
import {
	DESCRIBED_FEED_TYPES,
	type DescriptionType,
	FEED_TYPES,
	type FeedType,
	PAGE_FORMATS,
	type PageType,
} from "../../../../feeds/formats/feed.ts";
import { isSealed, type PageRange } from "../../../../feeds/geometry.ts";
import { eTag, type History } from "../../../cache/policy.ts";
import { ALL, type StreamName, type Version } from "../../../event.ts";
import { type DocumentRequest, documentKey } from "../../answering/document.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { resolveLinks } from "../../request/headers.ts";
import { negotiateRepresentation, type Representation } from "../../request/negotiation.ts";
import { NO_WAIT, type Wait, waitOf } from "../../request/waiting.ts";
import { pagePath, parseCount, parseFrom, pathOf } from "../../urls.ts";

/** A page as its URL names it, percent-decoded, nothing checked. */
export type PageTarget = {
	readonly stream: string;
	readonly from: string;
	readonly direction: "forward" | "backward";
	readonly count: string;
	/** Without its `?`. */
	readonly query: string;
	/** Whether the URL is the stream's own: then the page is the head. */
	readonly isOwnUrl?: boolean;
	/** The media types of the page, if they are others than a feed's. */
	readonly types?: readonly FeedType[];
	/** Whether links are resolved if the client does not say: on all but `$all`, by default. */
	readonly resolves?: boolean;
};

export type PageRequest = {
	readonly stream: StreamName;
	readonly range: PageRange;
	readonly representation: Representation<PageType>;
	/** How long the client is willing to wait for something new. */
	readonly wait: Wait;
	readonly resolve: boolean;
	/** Whether links are treated as they are if the client does not say. */
	readonly isUsual: boolean;
	/** Whether relative links of the page can be resolved, if its format has any. */
	readonly isAsLinked: boolean;
	readonly document: DocumentRequest;
};

/** @throws Refusal `malformed-query`, `not-acceptable`, `malformed-host` */
export function negotiatePage(
	{ context, req }: Exchange,
	{ stream, direction, query, types }: PageTarget,
): Representation<FeedType | DescriptionType> {
	const isDescribed = direction === "backward" && stream !== ALL;
	const available = types ?? (isDescribed ? DESCRIBED_FEED_TYPES : FEED_TYPES);
	return negotiateRepresentation(req, query, available, context.settings.publicUrl);
}

/** Without the embed level, if the format has none: then a page is kept once for all of them. */
export function asEmbedded(representation: Representation<PageType>): Representation<PageType> {
	const hasLevels = PAGE_FORMATS[representation.type.format].writes.from === "feed";
	return hasLevels ? representation : { ...representation, embed: "none" };
}

/** @throws Refusal `invalid-event-number`, `invalid-position`, `invalid-count` */
export function parseRange(
	stream: StreamName,
	{ from, direction, count }: Pick<PageTarget, "from" | "direction" | "count">,
): PageRange {
	return { direction, from: parseFrom(stream, from, direction), count: parseCount(count) };
}

/**
 * Reads the query and the headers of a request for a page.
 * @param usual whether links are resolved if the client does not say
 * @throws Refusal `malformed-query`, `malformed-header`
 */
export function parsePageRequest(
	{ context, req }: Exchange,
	place: Pick<PageRequest, "stream" | "range" | "representation">,
	query: string,
	usual: boolean,
): PageRequest {
	const { stream, range, representation } = place;
	const isForward = range.direction === "forward";
	const { longPollSecondsMax } = context.settings;
	const wait = isForward ? waitOf(req, query, longPollSecondsMax) : NO_WAIT;
	const resolve = resolveLinks(req) ?? usual;
	const isUsual = resolve === usual;
	const isAsLinked = isLinkedPage(req, representation);
	const page = `${stream}\n${pagePath(stream, range)}${wait.isTail ? "\ntail" : ""}`;
	const path = isAsLinked ? page : `${page}\nelsewhere`;
	const isTold = isUsual && !wait.isTail;
	const form = namesHub(context.settings, place) ? WITH_HUB : 0;
	const document: DocumentRequest = {
		stream,
		key: documentKey(representation, path, resolve),
		lasting: range.from !== "head",
		tagsAsOf: isTold
			? keepingLast((last, history) => tagsAsOf(place, last, history, form))
			: () => [],
	};
	return { stream, range, representation, wait, resolve, isUsual, isAsLinked, document };
}

/** The other forms are a stream's own URL, its metadata, and pages without their direction. */
const AS_LINKED = /^\/streams\/[^/]+(?:\/filtered)?\/[^/]+\/(?:forward|backward)\/\d+$/;

/** Whether links that are relative to the page's own URL lead from the URL it is asked for by. */
export function isLinkedPage(
	{ url = "" }: IncomingMessage,
	{ type }: Representation<PageType>,
): boolean {
	return PAGE_FORMATS[type.format].writes.from === "feed" || AS_LINKED.test(pathOf(url));
}

/** The tags of a page that can still change; none for any other, and without events. */
function tagsAsOf(
	{ stream, range, representation }: Pick<PageRequest, "stream" | "range" | "representation">,
	last: Version,
	history: History,
	form: number,
): readonly string[] {
	if (isSealed(range, last) || (last < 0 && stream !== ALL)) return [];
	return tagsOfChanging(representation, last, history, form);
}

/** Asked again as of the same moment, as by who polls, it gives the tags that it gave. */
function keepingLast(make: DocumentRequest["tagsAsOf"]): DocumentRequest["tagsAsOf"] {
	let of = { last: Number.NaN, incarnation: 0, erasures: 0 };
	let tags: readonly string[] = [];
	return (last, history) => {
		const { incarnation, erasures } = history;
		if (of.last !== last || of.erasures !== erasures || of.incarnation !== incarnation) {
			tags = make(last, history);
			of = { last, incarnation, erasures };
		}
		return tags;
	};
}

/** Makes the tag of a page that names the hub differ from that of the same page without one. */
export const WITH_HUB = 0x57656253;

/**
 * Whether a page names the hub: the feed of a stream's newest events, if the server is a hub. Pages
 * that can be sealed never do, so that their bytes and tags depend on no option.
 */
export function namesHub(
	{ hub }: { readonly hub: boolean },
	{ range, representation: { type } }: Pick<PageRequest, "range" | "representation">,
): boolean {
	return hub && range.from === "head" && PAGE_FORMATS[type.format].writes.from === "feed";
}

/** The tags that a page may have as of `last`: as it is, and compressed. */
export function tagsOfChanging(
	{ type, coding }: Pick<Representation, "type" | "coding">,
	last: Version,
	history: History,
	form = 0,
): readonly string[] {
	const plain = eTag(last, type, "identity", history, form);
	return coding === "identity" ? [plain] : [plain, eTag(last, type, coding, history, form)];
}
