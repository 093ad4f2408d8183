/**
 * GET of a page of a stream: a kept document, or one that is read, composed and encoded now.
 */
import { isPageType, PAGE_FORMATS } from "../../../../feeds/formats/feed.ts";
import { isSealed } from "../../../../feeds/geometry.ts";
import { neededFor } from "../../../access/rights.ts";
import { ALL, parseStreamName } from "../../../event.ts";
import type { Answer } from "../../answering/answer.ts";
import {
	type Asking,
	answerAsOf,
	answerMade,
	answerSealed,
	tagHeld,
} from "../../answering/document.ts";
import { clientGone, type Exchange, holdBeyond } from "../../answering/exchange.ts";
import { otherHistory } from "../../conditions/incarnation.ts";
import { describeStream } from "../description.ts";
import { answerHttpFeed } from "../streaming/http-feed.ts";
import { answerStreaming } from "../streaming/streaming.ts";
import {
	asEmbedded,
	negotiatePage,
	type PageRequest,
	type PageTarget,
	parsePageRequest,
	parseRange,
} from "./request.ts";
import { answerTail } from "./tail.ts";
import { writePage } from "./write.ts";

export function answerPage(exchange: Exchange, target: PageTarget): Answer | Promise<Answer> {
	const representation = negotiatePage(exchange, target);
	const { type } = representation;
	if (type.format === "description")
		return describeStream(target.stream, representation.base, type);
	const stream = parseStreamName(target.stream);
	const range = parseRange(stream, target);
	const other = otherHistory(exchange, target.query, range.from !== "head");
	if (other) return other;

	const { query, isOwnUrl = false } = target;
	if (!isPageType(type)) {
		const place = { stream, range, representation: { ...representation, type } };
		return answerStreaming(exchange, { ...place, isOwnUrl, query });
	}
	const place = { stream, range, representation: asEmbedded({ ...representation, type }) };
	const { ownUrl } = PAGE_FORMATS[type.format];
	if (isOwnUrl && ownUrl !== "newest-page") {
		return answerHttpFeed(exchange, { ...place, query, encode: ownUrl.batch });
	}
	const request = parsePageRequest(exchange, place, query, target.resolves ?? stream !== ALL);
	const known = answerKnown(exchange, request);
	if (!known) return (request.wait.isTail ? answerTail : answerFresh)(exchange, request);
	exchange.recall = (again) => answerKnown(again, request);
	return known;
}

/**
 * The answer to a request for a page, if it needs no read and no wait.
 * @param asking this request
 * @param request the same request, parsed now or earlier from the same words
 * @returns undefined if the page has to be read
 */
function answerKnown(asking: Asking, { stream, wait, document }: PageRequest): Answer | undefined {
	const sealed = answerSealed(asking, document);
	if (sealed) return sealed;
	const last = wait.ms > 0 ? undefined : asking.context.lastVersions.known(stream);
	return last === undefined ? undefined : answerAsOf(asking, document, last);
}

/** The answer with a page that is read now, where `answerKnown` had none. */
async function answerFresh(exchange: Exchange, request: PageRequest): Promise<Answer> {
	const { context } = exchange;
	const { stream, range, document, wait } = request;
	if (wait.ms > 0) await waitForNews(exchange, request);
	// A full page never changes, so nobody has to look up the stream's last version.
	const isFull = isSealed(range, context.lastVersions.least(stream));
	if (isFull) return answerMade(exchange, document, undefined, () => writePage(exchange, request));

	const known = context.lastVersions.known(stream);
	const { last, retention } =
		known === undefined ? await context.lastVersions.learn(stream) : { last: known };
	const isLookedUp = known !== undefined && wait.ms === 0;
	// If metadata or links decide which events are visible, only the page itself can tell.
	const unchanged = retention || isLookedUp ? undefined : answerAsOf(exchange, document, last);
	if (unchanged) return unchanged;
	// A page that may change may be older than `last` if it was made a moment ago.
	const asOf = isSealed(range, last) ? undefined : last;
	return answerMade(exchange, document, asOf, () => writePage(exchange, request));
}

/** Long poll: holds the request while its page has nothing new, for as long as the client asked. */
async function waitForNews(
	exchange: Exchange,
	{ stream, range, document, wait }: PageRequest,
): Promise<void> {
	const { context, principal } = exchange;
	const from = Number(range.from);
	const { last, retention } = await context.lastVersions.learn(stream);
	const tag = retention ? undefined : tagHeld(exchange, document, last);
	if (from <= last && tag === undefined) return;
	// If `from` lies further beyond the end, the client waits for `from`, not for the next event.
	const known = Math.max(last, from - 1);
	await holdBeyond(exchange, stream, known, wait.ms, clientGone(exchange));
	// Its ACL may have changed meanwhile.
	await context.access.permit(principal, neededFor({ right: "read" }, { stream }));
}
