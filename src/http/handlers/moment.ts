/**
 * GET of a stream at a time of day: sends the reader to the page of the grid that holds the first
 * event at or after it, and from there on it reads like any other.
 */
import { alignedForward, GRID } from "../../../feeds/geometry.ts";
import { parseTime } from "../../../feeds/time.ts";
import { VARY } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { parseStreamName } from "../../event.ts";
import { findMoment } from "../../pages/moment.ts";
import type { Answer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { baseOf } from "../request/base.ts";
import { numbered, pageUrl, withoutNumber, withQuery } from "../urls.ts";

/** GET /streams/{stream}/at/{RFC 3339} */
export async function answerMoment(
	exchange: Exchange,
	target: { stream: string; time: string; query: string },
): Promise<Answer> {
	const { context, req } = exchange;
	const stream = parseStreamName(target.stream);
	const time = momentOf(target.time);
	const base = baseOf(req, context.settings.publicUrl);
	// The redirect leads into this history; a URL of another one is refused.
	otherHistory(exchange, target.query, false);

	const { first, last } = await findMoment(context.log, stream, time);

	const isThere = first <= last;
	const page = isThere
		? ({ direction: "forward", from: first - (first % GRID), count: GRID } as const)
		: alignedForward(last + 1);
	const { incarnation } = context.log;
	const url = withQuery(pageUrl(base, stream, page), withoutNumber(target.query));
	const location = numbered(url, incarnation);
	// As long as no event is at or after the moment, the next event changes the answer.
	const headers = ["Location", location, "Cache-Control", "no-cache", "Vary", VARY];
	return { status: 303, headers: [...headers, "Content-Length", "0"] };
}

/** @throws Refusal `malformed-url` */
function momentOf(text: string): number {
	const time = parseTime(text);
	if (time !== undefined) return time;
	const shown = text.slice(0, 64);
	throw new Refusal("malformed-url", {
		reason: `'${shown}' is not a time such as 2026-03-01T14:00:00Z (RFC 3339, with its offset).`,
	});
}
