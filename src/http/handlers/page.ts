/**
 * GET of a page of a stream: from the documents kept, or read, composed and encoded.
 */
import type { IncomingMessage } from "node:http";
import { encodeFeedAtom } from "../../../feeds/atom/encode.ts";
import { encodeCloudEvents } from "../../../feeds/cloudevents/encode.ts";
import { isSealed } from "../../../feeds/geometry.ts";
import { encodeFeedJson } from "../../../feeds/json/encode.ts";
import { encodeJsonFeed } from "../../../feeds/json-feed/encode.ts";
import { DESCRIBED_FEED_TYPES, FEED_TYPES, type Format } from "../../../feeds/media.ts";
import type { Embed, Feed } from "../../../feeds/model.ts";
import type { Document, Written } from "../../cache/documents.ts";
import {
	cacheControl,
	eTag,
	eTagValue,
	type History,
	historyOf,
	matches,
	VARY,
} from "../../cache/policy.ts";
import { ALL, parseStreamName, type Version } from "../../event.ts";
import { readPage } from "../../pages/page.ts";
import type { Answer } from "../answering/answer.ts";
import { clientGone, type Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import type { Context } from "../context.ts";
import { longPollMs, resolveLinks } from "../request/headers.ts";
import { negotiateLook } from "../request/negotiation.ts";
import { embedQuery, parseCount, parseFrom, urlsAt } from "../urls.ts";
import { describeStream, isDescription } from "./description.ts";
import { answerHttpFeed } from "./running/http-feed.ts";
import { answerRun, isWholeStream } from "./running/run.ts";
import { answerServerSentEvents } from "./running/server-sent-events.ts";
import { keyAsOf, keyOf, type Meaning, type Wanted } from "./wanted.ts";

/** A page as its URL names it, percent-decoded, nothing checked. */
export type PageTarget = {
	readonly stream: string;
	readonly from: string;
	readonly direction: "forward" | "backward";
	readonly count: string;
	/** Without its `?`. */
	readonly query: string;
	/** Whether links are resolved where the client does not say: on all but `$all`, by default. */
	readonly resolves?: boolean;
};

/** What tells the tag of an unusual form of a page from the usual one's. */
export const UNUSUAL = 0x2b1dc0de;

export function answerPage(exchange: Exchange, target: PageTarget): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const described = target.direction === "backward" && target.stream !== ALL;
	const available = described ? DESCRIBED_FEED_TYPES : FEED_TYPES;
	const look = negotiateLook(req, target.query, available, context.settings.publicUrl);
	if (isDescription(look.type)) return describeStream(target.stream, look.base, look.type);
	const stream = parseStreamName(target.stream);
	const from = parseFrom(stream, target.from, target.direction);
	const range = { direction: target.direction, from, count: parseCount(target.count) };
	const other = otherHistory(exchange, target.query, from !== "head");
	if (other) return other;

	const { format } = look.type;
	const { incarnation } = context.log;
	const urls = urlsAt(look.base, incarnation);
	if (format === "ndjson") {
		return answerRun(exchange, stream, range, { urls, coding: look.coding });
	}
	if (format === "event-stream") {
		const subscription = { stream, range, embed: look.embed, query: target.query };
		return answerServerSentEvents(exchange, { ...subscription, urls });
	}
	if (format === "cloudevents" && isWholeStream(exchange)) {
		return answerHttpFeed(exchange, { stream, look, urls });
	}
	const waitMs =
		range.direction === "forward" ? longPollMs(req, context.settings.longPollSecondsMax) : 0;
	const usual = target.resolves ?? stream !== ALL;
	const resolve = resolveLinks(req) ?? usual;
	const isUsual = resolve === usual;
	const wanted = { stream, range, look, waitMs, resolve, isUsual };

	const meaning = { wanted, key: keyOf(wanted) };
	const known = answerKnown(context, req, meaning);
	if (!known) return answerFresh(exchange, meaning);
	exchange.recall = (again) => answerKnown(context, again, meaning);
	return known;
}

/**
 * At once, where no read is needed: the page that nothing can change, if it is kept; or where the
 * last version is known, 304 if the client has the page as it is, or the page as somebody asked for
 * it since the last append.
 */
function answerKnown(
	context: Context,
	req: IncomingMessage,
	{ wanted, key }: Meaning,
): Answer | undefined {
	const ifNoneMatch = req.headers["if-none-match"];
	const lasting = wanted.range.from === "head" ? undefined : context.documents.get(key);
	if (lasting) return answerWith(lasting, ifNoneMatch);
	if (wanted.waitMs > 0) return undefined;
	const last = context.lasts.known(wanted.stream);
	if (last === undefined) return undefined;
	const tag = ifNoneMatch === undefined ? undefined : headTag(wanted, last, context.log);
	if (tag !== undefined && matches(ifNoneMatch, tag)) return notModified(context, tag);
	const kept = context.documents.get(keyAsOf(key, last));
	return kept && answerWith(kept, ifNoneMatch);
}

/** The answer with a finished document: the whole of it, or 304 where the client has it. */
export function answerWith(document: Document, ifNoneMatch: string | undefined): Answer {
	if (matches(ifNoneMatch, document.eTag)) {
		return { status: 304, headers: document.notModifiedHeaders };
	}
	return { status: 200, headers: document.headers, body: document.body };
}

async function answerFresh(exchange: Exchange, { wanted, key }: Meaning): Promise<Answer> {
	const { context, req } = exchange;
	const ifNoneMatch = req.headers["if-none-match"];
	if (wanted.waitMs > 0) await waitForNews(exchange, wanted, ifNoneMatch);

	const known = context.lasts.known(wanted.stream);
	const { last, retention } =
		known === undefined ? await context.lasts.learn(wanted.stream) : { last: known };
	// Where metadata or links decide what is shown, only the page itself can tell.
	const tag = retention ? undefined : headTag(wanted, last, context.log);
	if (tag !== undefined && matches(ifNoneMatch, tag)) return notModified(context, tag);

	// A page that may change, made a moment ago, may be older than `last`.
	const once = isSealed(wanted.range, last) ? key : keyAsOf(key, last);
	const document = await context.documents.make(once, () => write(exchange, wanted));
	return answerWith(document, ifNoneMatch);
}

/** Long poll: held while the client's page has nothing new, as long as it asked for. */
async function waitForNews(
	exchange: Exchange,
	wanted: Wanted,
	ifNoneMatch: string | undefined,
): Promise<void> {
	const { context } = exchange;
	const { stream, waitMs } = wanted;
	const from = Number(wanted.range.from);
	const { last, retention } = await context.lasts.learn(stream);
	const tag = retention ? undefined : headTag(wanted, last, context.log);
	const knowsAll = from > last || (tag !== undefined && matches(ifNoneMatch, tag));
	if (!knowsAll) return;
	// Beyond the end of the log by more than one, the client waits for what it asked for.
	const known = Math.max(last, from - 1);
	await context.longPolls.beyond(stream, known, waitMs, clientGone(exchange));
}

/**
 * The tag of a page that may still change; undefined for a sealed page, or a stream without events.
 */
function headTag(wanted: Wanted, last: Version, history: History): string | undefined {
	const { stream, range, look, isUsual } = wanted;
	if (!isUsual || isSealed(range, last) || (last < 0 && stream !== "$all")) return undefined;
	return eTag(last, look.type, "identity", history);
}

function notModified({ settings }: Context, tag: string): Answer {
	const keeping = cacheControl(false, settings.headMaxAge);
	return { status: 304, headers: ["Cache-Control", keeping, "Vary", VARY, "ETag", tag] };
}

async function write(exchange: Exchange, wanted: Wanted): Promise<Written> {
	const { stream, range, look, resolve, isUsual } = wanted;
	const { type, coding, embed, base } = look;
	const { log } = exchange.context;
	const history = historyOf(log);
	// Both forms of a page have one URL: what is unusual is not kept, and has a tag of its own.
	const form = isUsual ? 0 : UNUSUAL;
	const page = await readPage(log, urlsAt(base, history.incarnation), {
		stream,
		range,
		content: showsContent(type.format, embed),
		resolve,
		tag: (last, shown) => eTagValue(last, type, "identity", history, shown ^ form),
		query: embedQuery(embed),
	});
	const { headMaxAge } = exchange.context.settings;
	return {
		text: Buffer.from(encodeFeed(page.feed, type.format, embed)),
		type,
		history,
		coding,
		last: page.newest,
		sealed: page.sealed && isUsual,
		onlyGrows: page.onlyGrows && isUsual,
		headMaxAge: page.cacheSeconds ?? headMaxAge,
		keepSeconds: isUsual ? secondsUntil(page.steadyUntil) : 0,
		shown: page.shown ^ form,
		streams: page.streams,
		changedBy: page.changedBy,
	};
}

/** Whole seconds from now; undefined for no such moment. */
export function secondsUntil(moment: number | undefined): number | undefined {
	if (moment === undefined || moment === Infinity) return undefined;
	return Math.max(0, Math.floor((moment - Date.now()) / 1000));
}

export function encodeFeed(feed: Feed, format: Format, embed: Embed): string {
	if (format === "json-feed") return encodeJsonFeed(feed);
	if (format === "cloudevents") return encodeCloudEvents(feed);
	return isXml(format) ? encodeFeedAtom(feed, embed) : encodeFeedJson(feed, embed);
}

export function showsContent(format: Format, embed: Embed): boolean {
	if (format === "json-feed" || format === "cloudevents") return true;
	return embed !== "none" && (embed !== "rich" || isXml(format));
}

export function isXml(format: Format): boolean {
	return format === "atom" || format === "xml" || format === "event-xml";
}
