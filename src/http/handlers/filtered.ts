/**
 * GET of a filtered page of `$all` (contract 4.3).
 */
import type { PageRange } from "../../../feeds/geometry.ts";
import { FEED_TYPES } from "../../../feeds/media.ts";
import type { Written } from "../../cache/documents.ts";
import { cacheControl, eTag, type History, historyOf, matches, VARY } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { ALL } from "../../event.ts";
import { type Criterion, createFilter, type Filter, prefixesOf } from "../../pages/filter.ts";
import { completed, composeFiltered } from "../../pages/filtered.ts";
import { streamsShown, unresolvedShown } from "../../pages/page.ts";
import { type Scan, scan } from "../../pages/scan.ts";
import type { Answer } from "../answering/answer.ts";
import { clientGone, type Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { longPollMs, resolveLinks } from "../request/headers.ts";
import { type Look, negotiateLook } from "../request/negotiation.ts";
import { filteredUrlsAt, pagePath, parseCount, parseFrom, urlsAt, withQuery } from "../urls.ts";
import { answerWith, encodeFeed, type PageTarget, showsContent, UNUSUAL } from "./page.ts";

type Wanted = {
	readonly range: PageRange;
	readonly look: Look;
	readonly filter: Filter;
	/** The filter as links carry it: one notation, however it was asked for. */
	readonly query: string;
	readonly waitMs: number;
	/** Whether links show what they point to: only where it is asked for, as on all of `$all`. */
	readonly resolve: boolean;
};

/** Those of a page; what runs on would have to be filtered on its way. */
const TYPES = FEED_TYPES.filter(({ format }) => format !== "ndjson" && format !== "event-stream");

export function answerFiltered(
	exchange: Exchange,
	target: Omit<PageTarget, "stream">,
): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const look = negotiateLook(req, target.query, TYPES, context.settings.publicUrl);
	const { direction } = target;
	const from = parseFrom(ALL, target.from, direction);
	const range = { direction, from, count: parseCount(target.count) };
	const filter = parseFilter(new URLSearchParams(target.query));
	const waitMs = direction === "forward" ? longPollMs(req, context.settings.longPollSecondsMax) : 0;
	const wanted = { range, look, ...filter, waitMs, resolve: resolveLinks(req) ?? false };
	const other = otherHistory(exchange, target.query, from !== "head");
	if (other) return other;

	const key = keyOf(wanted);
	const kept = from === "head" || wanted.resolve ? undefined : context.documents.get(key);
	return kept ? answerWith(kept, req.headers["if-none-match"]) : answerFresh(exchange, wanted, key);
}

async function answerFresh(exchange: Exchange, wanted: Wanted, key: string): Promise<Answer> {
	const { context, req } = exchange;
	const ifNoneMatch = req.headers["if-none-match"];
	const { last } = await context.lasts.learn(ALL);
	const tag = eTag(last, wanted.look.type, "identity", context.log);
	// Nothing was committed since: the page is what it was.
	const known = !wanted.resolve && matches(ifNoneMatch, tag);
	if (known && wanted.waitMs === 0) return notModified(exchange, tag);

	const history = historyOf(context.log);
	const scanned = await scanPatiently(exchange, wanted);
	if (known && scanned.last === last) return notModified(exchange, tag);
	const once = scanned.sealed ? key : `${key}\n${scanned.last}`;
	const document = await context.documents.make(once, () =>
		write(exchange, wanted, { ...scanned, history }),
	);
	return answerWith(document, ifNoneMatch);
}

/** Long poll: what comes but does not match is searched once, and waited on behind. */
async function scanPatiently(exchange: Exchange, { range, filter, waitMs }: Wanted): Promise<Scan> {
	const { log, longPolls } = exchange.context;
	const until = Date.now() + waitMs;
	const gone = clientGone(exchange);
	let scanned = await scan(log, filter, range);
	while (scanned.matches.length === 0 && !scanned.sealed && !gone.aborted) {
		const leftMs = until - Date.now();
		if (leftMs <= 0) break;
		const { last } = scanned;
		await longPolls.beyond(ALL, Math.max(last, scanned.from - 1), leftMs, gone);
		scanned = await scan(log, filter, range);
		// Woken without news: the server closes, or too many wait.
		if (scanned.last === last) break;
	}
	return scanned;
}

async function write(
	exchange: Exchange,
	wanted: Wanted,
	scanned: Scan & { readonly history: History },
): Promise<Written> {
	const { log, settings } = exchange.context;
	const { range, query, resolve } = wanted;
	const { base, embed, type, coding } = wanted.look;
	const filtered = filteredUrlsAt(base, log.incarnation, query);
	const self = withQuery(filtered.page(range), embed === "none" ? "" : `embed=${embed}`);
	const urls = { ...filtered, self };
	const content = showsContent(type.format, embed);
	const { pageBytesMax } = settings;
	const shown =
		content || resolve
			? await completed(log, scanned.matches, { content, resolve, pageBytesMax })
			: scanned.matches;
	const feed = composeFiltered(urlsAt(base, log.incarnation), urls, range, scanned, shown);
	const newest = range.direction === "forward" ? scanned.end - 1 : scanned.from;
	return {
		text: Buffer.from(encodeFeed(feed, type.format, embed)),
		type,
		coding,
		last: scanned.sealed ? newest : scanned.last,
		// Both forms of a page have one URL: what was asked for by a header is not kept.
		// Nor is what was searched before an erasure.
		sealed: scanned.sealed && !resolve && scanned.history.erasures === log.erasures,
		...(resolve ? { keepSeconds: 0, shown: unresolvedShown(shown) ^ UNUSUAL } : {}),
		headMaxAge: settings.headMaxAge,
		history: scanned.history,
		streams: streamsShown(ALL, shown),
		changedBy: [],
	};
}

function notModified({ context }: Exchange, tag: string): Answer {
	const keeping = cacheControl(false, context.settings.headMaxAge);
	return { status: 304, headers: ["Cache-Control", keeping, "Vary", VARY, "ETag", tag] };
}

/**
 * Reads the filter of a URL; its two halves both count where both are there.
 * @throws Refusal `invalid-filter`, in the contract's very words
 */
function parseFilter(parameters: URLSearchParams): { filter: Filter; query: string } {
	const exclude = parameters.get("exclude-system-events");
	if (exclude !== null && exclude !== "true") {
		throw invalid("exclude-sytem-events should have a value of true.");
	}
	const wanted = exclude === null || parameters.has("context");
	const criterion = wanted ? parseCriterion(parameters) : undefined;
	const parts = Object.entries(criterion ?? {}).map(
		([name, value]) => `${name}=${encodeURIComponent(value)}`,
	);
	if (exclude !== null) parts.push("exclude-system-events=true");
	return { filter: createFilter(criterion, exclude !== null), query: parts.join("&") };
}

function parseCriterion(parameters: URLSearchParams): Criterion {
	const context = parameters.get("context");
	if (context !== "streamid" && context !== "eventtype") {
		throw invalid("Invalid context please provide one of the following: StreamId, EventType.");
	}
	const type = parameters.get("type");
	if (type !== "prefix" && type !== "regex") {
		throw invalid("Invalid type please provide one of the following: Regex, Prefix.");
	}
	const data = parameters.get("data") ?? "";
	if (prefixesOf(data).length === 0) {
		throw invalid("Please provide a comma delimited list of data with at least one item.");
	}
	return { context, type, data: type === "prefix" ? prefixesOf(data).join(",") : data };
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-filter", { reason });
}

function keyOf({ range, look, query, resolve }: Wanted): string {
	const { base, embed, type, coding } = look;
	const page = pagePath(ALL, range);
	return `${resolve ? "links\n" : ""}${base}\n${ALL}\nfiltered?${query}\n${page}\n${embed}\n${type.name}\n${coding}`;
}
