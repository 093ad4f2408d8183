/**
 * A stream's URL with a slash behind it: the client is sent to the one without (contract 0.6).
 */
import { FEED_TYPES } from "../../../../feeds/formats/feed.ts";
import { cacheControl, FOR_EVER_SECONDS } from "../../../cache/policy.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { appendKind } from "../../request/bodies/kind.ts";
import { negotiateRepresentation } from "../../request/negotiation.ts";
import { withoutSlash, withQuery } from "../../urls.ts";

/** The query goes along. */
export function answerSlash(exchange: Exchange, { query }: { query: string }): Answer {
	const { context, req } = exchange;
	// A request that the other URL would refuse is refused here.
	if (req.method === "POST") appendKind(req);
	negotiateRepresentation(req, query, FEED_TYPES, context.settings.publicUrl);

	const base = baseOf(req, context.settings.publicUrl);
	const location = withQuery(withoutSlash(base, req.url ?? ""), query);
	return textAnswer(307, "text/plain; charset=utf-8", "Moved Permanently", [
		"Location",
		location,
		"Cache-Control",
		cacheControl(false, 0, FOR_EVER_SECONDS, context.settings.sealedMaxAge),
	]);
}
