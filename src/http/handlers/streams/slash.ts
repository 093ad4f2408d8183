/**
 * A stream's URL with a slash behind it: the client is sent to the one without (contract 0.6).
 */
import { FEED_TYPES } from "../../../../feeds/formats/feed.ts";
import { type Answer, withText } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateLook } from "../../request/negotiation.ts";
import { checkMediaType } from "../append.ts";

/** @param query the URL's query without its `?`; it goes along */
export function answerSlash(exchange: Exchange, query: string): Answer {
	const { context, req } = exchange;
	if (req.method === "POST") checkMediaType(req);
	negotiateLook(req, query, FEED_TYPES, context.settings.publicUrl);

	const path = /^[^?#]*/.exec(req.url ?? "")?.[0].slice(0, -1) ?? "";
	const location = baseOf(req, context.settings.publicUrl) + path + (query && `?${query}`);
	return withText(307, "text/plain; charset=utf-8", "Moved Permanently", [
		"Location",
		location,
		"Cache-Control",
		"max-age=31536000, public",
	]);
}
