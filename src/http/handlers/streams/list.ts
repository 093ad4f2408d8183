/** GET /streams: a list of streams, in JSON. */
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import type { ListedStream } from "../../../listing/list.ts";
import { formatListQuery, parseListQuery } from "../../../listing/query.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { streamUrl, withQuery } from "../../urls.ts";

export const LIST_TYPES: readonly MediaType[] = [mediaType("application/json", "json")];

/** Each request reads the list anew, and no cache keeps it. */
const HEADERS = ["Cache-Control", "no-store", "Vary", "Accept"];

export async function answerList(
	{ context, req, principal }: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const type = negotiateType(req, query, LIST_TYPES);
	const asked = parseListQuery(new URLSearchParams(query));
	const base = baseOf(req, context.settings.publicUrl);
	const { streams, next, ...facts } = await context.lists.list(
		asked,
		context.access.listsFor(principal),
	);
	const body = {
		streams: streams.map((row) => shown(row, base)),
		...facts,
		...(next === undefined
			? {}
			: { next: withQuery(`${base}/streams`, String(formatListQuery({ ...asked, after: next }))) }),
	};
	return textAnswer(200, type.contentType, JSON.stringify(body), HEADERS);
}

function shown({ stream, created, changed, ...row }: ListedStream, base: string) {
	return {
		stream,
		url: streamUrl(base, stream),
		...row,
		...(created === undefined ? {} : { created: new Date(created).toISOString() }),
		...(changed === undefined ? {} : { changed: new Date(changed).toISOString() }),
	};
}
