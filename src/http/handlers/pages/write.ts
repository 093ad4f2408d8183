/**
 * A page as a document: read from the log, and written in the format that was asked for.
 */
import { PAGE_FORMATS } from "../../../../feeds/formats/feed.ts";
import { encodeLinks } from "../../../../feeds/lines/links.ts";
import type { LinesEntry } from "../../../../feeds/model.ts";
import { type FeedParts, inOrder } from "../../../../feeds/parts.ts";
import type { Lifetime } from "../../../cache/document.ts";
import type { EncodedDocument } from "../../../cache/documents.ts";
import { eTagValue, historyOf, secondsUntil, TAIL_SECONDS } from "../../../cache/policy.ts";
import { composeEntry, type Urls } from "../../../pages/entry.ts";
import {
	frameOf,
	linksOf,
	newestFirst,
	type Page,
	type PageSpec,
	readPage,
} from "../../../pages/page.ts";
import type { Exchange } from "../../answering/exchange.ts";
import type { Context } from "../../context.ts";
import { asTailUrl, hubUrl, TAIL_WAIT_SECONDS, urlsAt, withEmbed } from "../../urls.ts";
import { entryTexts } from "./entry-texts.ts";
import { namesHub, type PageRequest, WITH_HUB } from "./request.ts";

/** Makes the tag of an unusual form of a page differ from the usual one's. */
export const UNUSUAL = 0x2b1dc0de;

/** @throws Refusal `stream-not-found`, `stream-deleted`, and what a read of the log refuses */
export async function writePage(
	{ context, principal }: Pick<Exchange, "context" | "principal">,
	request: PageRequest,
): Promise<EncodedDocument> {
	const { log, access } = context;
	const { stream, range, representation, resolve, isUsual, wait } = request;
	const { type, coding, embed } = representation;
	const format = PAGE_FORMATS[type.format];
	const history = historyOf(log);
	// Both forms of a page have one URL: the unusual one is not kept, and has a tag of its own.
	const isOfHub = namesHub(context.settings, request);
	const form = (isUsual ? 0 : UNUSUAL) ^ (isOfHub ? WITH_HUB : 0);
	const spec: PageSpec = {
		stream,
		range,
		content: format.showsContent(embed),
		resolve,
		tag: (last, variant) => eTagValue(last, type, "identity", history, variant ^ form),
		asAsked: (url) => (wait.isTail ? asTailUrl(withEmbed(url, embed)) : withEmbed(url, embed)),
		asTail: wait.isTail ? tailLink : undefined,
		hub: isOfHub ? hubUrl(representation.base) : undefined,
	};
	const page = await readPage(access.readsFor(principal), spec);
	const { entries, withheld } = page.slice;
	const isWhole = withheld === undefined;
	const { isSame, isPublic } = await access.sharingOf(stream, entries, isWhole);
	const { text, headers } = encodePage(context, request, spec, page);
	// Written out: spreads take longer than all else here.
	return {
		text,
		headers,
		type,
		coding,
		snapshot: { last: page.newest, variant: page.variant ^ form, history },
		lifetime: lifetimeOf(context, request, page),
		streams: page.streams,
		audience: { links: page.links, isWhole, isSame, isPublic },
	};
}

function lifetimeOf(
	{ settings }: Context,
	{ range, isUsual, wait }: PageRequest,
	{ lifetime, slice }: Page,
): Lifetime {
	const isEmptyTail = wait.isTail && Number(range.from) > slice.last;
	const isGrowingTail = wait.isTail && !lifetime.sealed && lifetime.steadyUntil === undefined;
	const tailSeconds = lifetime.staysTrue ? TAIL_SECONDS : 0;
	const keepSeconds = isGrowingTail ? tailSeconds : secondsUntil(lifetime.steadyUntil);
	return {
		sealed: lifetime.sealed && isUsual,
		onlyGrows: lifetime.onlyGrows && isUsual && !isEmptyTail,
		headMaxAge: lifetime.cacheSeconds ?? settings.headMaxAge,
		keepSeconds: isUsual ? keepSeconds : 0,
		passing: isEmptyTail,
	};
}

/** An empty tail page leads to itself, in the span of time that is now. */
export function tailLink(url: string, isSamePage: boolean): string {
	const slot = Math.floor(Date.now() / 1000 / TAIL_WAIT_SECONDS);
	return asTailUrl(url, isSamePage ? slot : undefined);
}

function encodePage(
	context: Context,
	request: PageRequest,
	spec: PageSpec,
	page: Page,
): EncodedBody {
	const { representation, isAsLinked } = request;
	const { base, type } = representation;
	const { writes } = PAGE_FORMATS[type.format];
	const urls = urlsAt(base, context.log);
	if (writes.from === "feed") {
		const feed = encodeFeedPage(writes.parts, representation, urls, spec, page);
		if (spec.hub === undefined) return feed;
		const topic = `<${urls.stream(spec.stream)}>; rel="self"`;
		return { ...feed, headers: ["Link", `<${spec.hub}>; rel="hub", ${topic}`] };
	}
	const links = linksOf(urls, spec, page.slice);
	const url = isAsLinked ? urls.page(spec.stream, spec.range) : undefined;
	return withLinks(writes.encode, page.slice.entries, encodeLinks(links, url));
}

function encodeFeedPage(
	parts: FeedParts,
	{ base, embed }: PageRequest["representation"],
	urls: Urls,
	spec: PageSpec,
	page: Page,
): EncodedBody {
	const { stream } = spec;
	const { isKept = false } = page.slice;
	// The incarnation, which URLs show as well, stays the same while the log is open.
	const form = { parts, embed, place: `${base}\n${stream}` };
	const entries = newestFirst(spec, page);
	const { texts, isAscii } = entryTexts(form, entries, isKept, (entry) =>
		composeEntry(urls, stream, entry),
	);
	const before = parts.before(frameOf(urls, spec, page));
	const { separator, behind } = parts;
	const shown = inOrder(parts, texts);
	const isAllAscii = isAscii && Buffer.byteLength(before) === before.length;
	if (isAllAscii) return { text: { before, texts: shown, separator, behind } };
	return { text: before + shown.join(separator) + behind };
}

/** The bytes of a document, and the headers that belong to them. */
export type EncodedBody = Pick<EncodedDocument, "text" | "headers">;

/**
 * A page whose links are in a header. Its lines are counted, because a connection may end between
 * two of them, and nothing in the page would show it.
 */
export function withLinks(
	encode: (entries: readonly LinesEntry[]) => Uint8Array,
	entries: readonly LinesEntry[],
	links: string,
): EncodedBody {
	const headers = ["Link", links, "Varve-Lines", String(entries.length)];
	return { text: encode(entries), headers };
}
