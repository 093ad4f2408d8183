/**
 * GET /: the list of streams, for clients of AtomPub (RFC 5023 section 8).
 */
import { type Collection, ENTRY_TYPE, encodeService } from "../../../feeds/atompub/service.ts";
import { type MediaType, negotiate } from "../../../feeds/media.ts";
import { VARY } from "../../cache/policy.ts";
import { Refusal } from "../../errors.ts";
import { ALL, type StreamName } from "../../event.ts";
import { STREAMS } from "../../indexes/joins.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { baseOf } from "../request/base.ts";
import { streamUrl } from "../urls.ts";

/** There may be millions of streams; the answer has the newest ones, and `$streams` has all. */
const STREAMS_SHOWN = 100;
const SERVICE: MediaType = {
	name: "application/atomsvc+xml",
	contentType: "application/atomsvc+xml; charset=utf-8",
};

export async function answerService({ context, req, principal }: Exchange): Promise<Answer> {
	const { accept } = req.headers;
	if (negotiate(accept, [SERVICE]) === undefined) {
		const shown = (accept ?? "").slice(0, 256);
		throw new Refusal("not-acceptable", { accept: shown, available: [SERVICE.name] });
	}
	const base = baseOf(req, context.settings.publicUrl);

	const { entries } = await context.access.readsFor(principal).read({
		stream: STREAMS,
		from: "head",
		limit: STREAMS_SHOWN,
		direction: "backward",
		content: false,
	});

	const readable = (title: string, stream: StreamName): Collection => {
		return { title, href: streamUrl(base, stream), accepts: [] };
	};
	// A stream that was deleted accepts no entries, or is not there for now.
	const there = entries.filter(({ unresolved }) => unresolved === undefined);
	const own = there.map(({ event: { stream } }) => {
		return { ...readable(stream, stream), accepts: [ENTRY_TYPE] };
	});
	const lists = [readable("All events", ALL), readable("All streams", STREAMS)];
	const document = encodeService("Varve", [...lists, ...own]);
	return textAnswer(200, SERVICE.contentType, document, [
		"Cache-Control",
		"no-cache",
		"Vary",
		VARY,
	]);
}
