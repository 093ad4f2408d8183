/**
 * GET of a filtered page of `$all` (contract 4.3).
 */
import { PAGE_FORMATS, PAGE_TYPES, type PageType } from "../../../../feeds/formats/feed.ts";
import type { PageRange } from "../../../../feeds/geometry.ts";
import { encodeLinks } from "../../../../feeds/lines/links.ts";
import { encodeFeed } from "../../../../feeds/parts.ts";
import { neededFor } from "../../../access/rights.ts";
import type { EncodedDocument } from "../../../cache/documents.ts";
import { type History, historyOf, TAIL_SECONDS } from "../../../cache/policy.ts";
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
import { resolveLinks } from "../../request/headers.ts";
import { negotiateRepresentation, type Representation } from "../../request/negotiation.ts";
import { NO_WAIT, type Wait, waitOf } from "../../request/waiting.ts";
import { asTailUrl, filteredUrlsAt, pagePath, urlsAt, withEmbed } from "../../urls.ts";
import { type FilterQuery, parseFilter } from "./filter-query.ts";
import {
	asEmbedded,
	isLinkedPage,
	type PageTarget,
	parseRange,
	tagsOfChanging,
} from "./request.ts";
import { type EncodedBody, tailLink, UNUSUAL, withLinks } from "./write.ts";

type FilteredRequest = FilterQuery & {
	readonly range: PageRange;
	readonly representation: Representation<PageType>;
	readonly wait: Wait;
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
	const isForward = range.direction === "forward";
	const wait = isForward ? waitOf(req, target.query, longPollSecondsMax) : NO_WAIT;
	const resolve = resolveLinks(req) ?? false;
	const isAsLinked = isLinkedPage(req, representation);
	const form = `${pagePath(ALL, range)}${wait.isTail ? "\ntail" : ""}`;
	const page = `${ALL}\nfiltered?${filter.query}\n${form}`;
	const path = isAsLinked ? page : `${page}\nelsewhere`;
	const isTold = !resolve && !wait.isTail;
	const document: DocumentRequest = {
		stream: ALL,
		key: documentKey(representation, path, resolve),
		lasting: range.from !== "head" && !resolve,
		tagsAsOf: (last, history) => (isTold ? tagsOfChanging(representation, last, history) : []),
	};
	return { ...filter, range, representation, wait, resolve, isAsLinked, document };
}

async function answerFresh(exchange: Exchange, request: FilteredRequest): Promise<Answer> {
	const { context } = exchange;
	const { document, wait } = request;
	const { last } = await context.lastVersions.learn(ALL);
	// As long as nothing is committed, the page is unchanged. An empty tail page is for one moment.
	const unchanged = wait.isTail ? undefined : answerAsOf(exchange, document, last);
	if (unchanged && wait.ms === 0) return unchanged;

	const history = historyOf(context.log);
	const scanned = { ...(await scanPatiently(exchange, request)), history };
	if (unchanged && scanned.last === last) return unchanged;
	const asOf = scanned.sealed ? undefined : scanned.last;
	return answerMade(exchange, document, asOf, () => writeFiltered(exchange, request, scanned));
}

/** For a reader that waits: searches each new event once, and waits on until one matches. */
async function scanPatiently(
	exchange: Exchange,
	{ range, filter, wait }: FilteredRequest,
): Promise<Scan> {
	const { context, principal } = exchange;
	const log = context.access.readsFor(principal);
	const until = performance.now() + wait.ms;
	const gone = clientGone(exchange);
	let scanned = await scan(log, filter, range);
	while (scanned.matches.length === 0 && !scanned.sealed && !gone.aborted) {
		const leftMs = until - performance.now();
		if (leftMs <= 0) break;
		const { last } = scanned;
		await holdBeyond(exchange, ALL, Math.max(last, scanned.from - 1), leftMs, gone);
		// The ACL of `$all` may have changed meanwhile.
		await context.access.permit(principal, neededFor({ right: "read" }, { stream: ALL }));
		scanned = await scan(log, filter, range, scanned);
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
	const isEmptyTail = request.wait.isTail && !sealed && matches.length === 0;
	// What a tail page shows is the beginning of that page for ever: nothing hides events of `$all`.
	const isGrowingTail = request.wait.isTail && !sealed && !isEmptyTail;
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
			...(isGrowingTail ? { keepSeconds: TAIL_SECONDS } : {}),
			...(resolve ? { keepSeconds: 0 } : {}),
			passing: isEmptyTail,
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
	request: FilteredRequest,
	scanned: Scan,
	matches: readonly StreamEntry[],
): EncodedBody {
	const { range, query, representation, wait, isAsLinked } = request;
	const { base, embed, type } = representation;
	const { writes } = PAGE_FORMATS[type.format];
	const filtered = filteredUrlsAt(base, log.incarnation, query);
	const self = withEmbed(filtered.page(range), embed);
	const asTail = wait.isTail ? tailLink : undefined;
	const urls = { ...filtered, self: asTail ? asTailUrl(self) : self, asTail };
	if (writes.from === "feed") {
		const feed = composeFiltered(urlsAt(base, log), urls, range, scanned, matches);
		return { text: encodeFeed(writes.parts, feed, embed) };
	}
	const links = filteredLinks(urls, range, scanned);
	return withLinks(writes.encode, matches, encodeLinks(links, isAsLinked ? urls.self : undefined));
}
