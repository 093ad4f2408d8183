/**
 * GET of a filtered page of `$all` (contract 4.3).
 */
import { PAGE_FORMATS, PAGE_TYPES, type PageType } from "../../../../feeds/formats/feed.ts";
import type { PageRange } from "../../../../feeds/geometry.ts";
import { encodeLinks } from "../../../../feeds/lines/links.ts";
import type { EncodedDocument } from "../../../cache/documents.ts";
import { type History, historyOf } from "../../../cache/policy.ts";
import { ALL } from "../../../event.ts";
import type { StreamEntry } from "../../../log/log.ts";
import { completeMatches, composeFiltered, filteredLinks } from "../../../pages/filtered.ts";
import { type Scan, scan } from "../../../pages/scan.ts";
import { filteredVariant, linksShown, streamsShown } from "../../../pages/variant.ts";
import type { Answer } from "../../answering/answer.ts";
import {
	answerAsOf,
	answerMade,
	answerSealed,
	type DocumentRequest,
	documentKey,
} from "../../answering/document.ts";
import { clientGone, type Exchange, holdBeyond } from "../../answering/exchange.ts";
import { otherHistory } from "../../conditions/incarnation.ts";
import type { Context } from "../../context.ts";
import { longPollMs, resolveLinks } from "../../request/headers.ts";
import { negotiateRepresentation, type Representation } from "../../request/negotiation.ts";
import { filteredUrlsAt, pagePath, urlsAt, withEmbed } from "../../urls.ts";
import { type FilterQuery, parseFilter } from "./filter-query.ts";
import {
	asEmbedded,
	isLinkedPage,
	type PageTarget,
	parseRange,
	tagsOfChanging,
} from "./request.ts";
import { type EncodedBody, UNUSUAL, withLinks } from "./write.ts";

type FilteredRequest = FilterQuery & {
	readonly range: PageRange;
	readonly representation: Representation<PageType>;
	readonly waitMs: number;
	/** Whether links show what they point to: only if it is asked for, as on all of `$all`. */
	readonly resolve: boolean;
	/** As `PageRequest` has it. */
	readonly isAsLinked: boolean;
	readonly document: DocumentRequest;
};

/** Each of their streams may change the page; a page that more of them may change is not kept. */
const KEPT_WITHHELD_MAX = 500;

/** A scan, and the history it read. */
type Scanned = Scan & { readonly history: History };

export function answerFiltered(
	exchange: Exchange,
	target: Omit<PageTarget, "stream">,
): Answer | Promise<Answer> {
	const request = parseFiltered(exchange, target);
	const { range, document } = request;
	const other = otherHistory(exchange, target.query, range.from !== "head");
	if (other) return other;
	const sealed = answerSealed(exchange, document);
	return sealed ?? answerFresh(exchange, request);
}

function parseFiltered(
	{ context, req }: Exchange,
	target: Omit<PageTarget, "stream">,
): FilteredRequest {
	const { publicUrl, longPollSecondsMax } = context.settings;
	const asked = negotiateRepresentation(req, target.query, PAGE_TYPES, publicUrl);
	const representation = asEmbedded(asked);
	const range = parseRange(ALL, target);
	const filter = parseFilter(new URLSearchParams(target.query));
	const waitMs = range.direction === "forward" ? longPollMs(req, longPollSecondsMax) : 0;
	const resolve = resolveLinks(req) ?? false;
	const isAsLinked = isLinkedPage(req, representation);
	const page = `${ALL}\nfiltered?${filter.query}\n${pagePath(ALL, range)}`;
	const path = isAsLinked ? page : `${page}\nelsewhere`;
	const document: DocumentRequest = {
		stream: ALL,
		key: documentKey(representation, path, resolve),
		lasting: range.from !== "head" && !resolve,
		tagsAsOf: (last, history) => (resolve ? [] : tagsOfChanging(representation, last, history)),
	};
	return { ...filter, range, representation, waitMs, resolve, isAsLinked, document };
}

async function answerFresh(exchange: Exchange, request: FilteredRequest): Promise<Answer> {
	const { context } = exchange;
	const { document, waitMs } = request;
	const { last } = await context.lastVersions.learn(ALL);
	// As long as nothing is committed, the page is unchanged.
	const unchanged = answerAsOf(exchange, document, last);
	if (unchanged && waitMs === 0) return unchanged;

	const history = historyOf(context.log);
	const scanned = { ...(await scanPatiently(exchange, request)), history };
	if (unchanged && scanned.last === last) return unchanged;
	const asOf = scanned.sealed ? undefined : scanned.last;
	return answerMade(exchange, document, asOf, () => writeFiltered(exchange, request, scanned));
}

/** Long poll: searches each new event once, and waits on until one matches. */
async function scanPatiently(
	exchange: Exchange,
	{ range, filter, waitMs }: FilteredRequest,
): Promise<Scan> {
	const { context, principal } = exchange;
	const log = context.access.readsFor(principal);
	const until = Date.now() + waitMs;
	const gone = clientGone(exchange);
	let scanned = await scan(log, filter, range);
	while (scanned.matches.length === 0 && !scanned.sealed && !gone.aborted) {
		const leftMs = until - Date.now();
		if (leftMs <= 0) break;
		const { last } = scanned;
		await holdBeyond(exchange, ALL, Math.max(last, scanned.from - 1), leftMs, gone);
		scanned = await scan(log, filter, range);
		// The wait ended without a commit: the server closes, or too many requests wait.
		if (scanned.last === last) break;
	}
	return scanned;
}

async function writeFiltered(
	{ context, principal }: Exchange,
	request: FilteredRequest,
	scanned: Scanned,
): Promise<EncodedDocument> {
	const { log, settings, access } = context;
	const { range, resolve, representation } = request;
	const { embed, type, coding } = representation;
	const { history, sealed } = scanned;
	const format = PAGE_FORMATS[type.format];
	const content = format.showsContent(embed);
	const { pageBytesMax } = settings;
	const found = { entries: scanned.matches, withheld: [] };
	const shown =
		content || resolve
			? await completeMatches(access.readsFor(principal), scanned.matches, {
					content,
					resolve,
					pageBytesMax,
				})
			: found;
	const matches = shown.entries;
	const withheld = [...scanned.withheld, ...shown.withheld];
	const newest = range.direction === "forward" ? scanned.end - 1 : scanned.from;
	const seen = { entries: resolve ? matches : [], withheld };
	const variant = filteredVariant(seen) ^ (resolve ? UNUSUAL : 0);
	const isWhole = withheld.length === 0;
	return {
		...encodeFiltered(context, request, scanned, matches),
		type,
		coding,
		snapshot: { last: sealed ? newest : scanned.last, variant, history },
		lifetime: {
			// Both forms of a page have one URL, so the form that a header asks for is not kept.
			// Nor is a page that was searched before an erasure.
			sealed:
				sealed &&
				!resolve &&
				history.erasures === log.erasures &&
				withheld.length <= KEPT_WITHHELD_MAX,
			headMaxAge: settings.headMaxAge,
			...(resolve ? { keepSeconds: 0 } : {}),
		},
		streams: streamsShown(ALL, { entries: matches, withheld }),
		audience: {
			links: linksShown(ALL, matches),
			isWhole,
			...(await access.sharingOf(ALL, matches, isWhole)),
		},
	};
}

function encodeFiltered(
	{ log }: Context,
	{ range, query, representation: { base, embed, type }, isAsLinked }: FilteredRequest,
	scanned: Scan,
	matches: readonly StreamEntry[],
): EncodedBody {
	const { writes } = PAGE_FORMATS[type.format];
	const filtered = filteredUrlsAt(base, log.incarnation, query);
	const urls = { ...filtered, self: withEmbed(filtered.page(range), embed) };
	if (writes.from === "feed") {
		const feed = composeFiltered(urlsAt(base, log), urls, range, scanned, matches);
		return { text: Buffer.from(writes.encode(feed, embed)) };
	}
	const links = filteredLinks(urls, range, scanned);
	return withLinks(writes.encode, matches, encodeLinks(links, isAsLinked ? urls.self : undefined));
}
