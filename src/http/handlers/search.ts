/**
 * GET /search: the events that fit, the newest first, as lines of JSON while they are found.
 *
 *     {"event":{…}}       an event, as a line of NDJSON has it
 *     {"progress":{…}}    now and then
 *     {"end":{…}}         the last line; without it the answer was cut off
 */
import { type MediaType, mediaType } from "../../../feeds/media.ts";
import { encodeEntryLine } from "../../../feeds/ndjson/encode.ts";
import { neededFor } from "../../access/rights.ts";
import { NOT_KEPT } from "../../cache/policy.ts";
import { composeEvents, type Urls } from "../../pages/entry.ts";
import { aloneIn } from "../../searching/alone.ts";
import { formatSearchQuery, parseSearchQuery, type SearchQuery } from "../../searching/query.ts";
import type { Hit, Progress, SearchStep } from "../../searching/search.ts";
import { searchedStream } from "../../searching/source.ts";
import type { Answer, Chunks } from "../answering/answer.ts";
import { compressed } from "../answering/compress.ts";
import type { Exchange } from "../answering/exchange.ts";
import { otherHistory } from "../conditions/incarnation.ts";
import { negotiateRepresentation } from "../request/negotiation.ts";

import { numbered, urlsAt, withQuery } from "../urls.ts";

const SEARCH_TYPES: readonly MediaType[] = [mediaType("application/x-ndjson", "ndjson")];
/** As often as a person sees a bar move. */
const PROGRESS_MS = 250;

/** @throws Refusal `malformed-query`, `overloaded`, and as a read of the stream that is searched */
export async function answerSearch(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const { context, req, res } = exchange;
	const { publicUrl } = context.settings;
	const { type, coding, base } = negotiateRepresentation(req, query, SEARCH_TYPES, publicUrl);
	const asked = parseSearchQuery(new URLSearchParams(query));
	// A number to go on from says nothing in another history.
	otherHistory(exchange, query, false);
	const searched = neededFor({ right: "read" }, { stream: searchedStream(asked) });
	await context.access.permit(exchange.principal, searched);
	const reads = context.access.readsFor(exchange.principal);

	const steps = context.searches.run(asked, reads);
	// The search also ends if the client leaves before anything is sent.
	res.once("close", () => void steps.return(undefined));
	// The first step decides whether there is anything to answer with.
	const first = await steps.next();
	// Then nobody will hear of its close.
	if (res.destroyed) await steps.return(undefined);

	const urls = urlsAt(base, context.log);
	const next = (progress: Progress) => {
		const on = formatSearchQuery({ ...asked, before: progress.next + 1 });
		return numbered(withQuery(`${base}/search`, String(on)), context.log.incarnation);
	};
	const chunks = lines(first, steps, { urls, asked, next });
	const headers = ["Content-Type", type.contentType, ...NOT_KEPT];
	if (coding === "identity") return { status: 200, headers, chunks };
	headers.push("Content-Encoding", coding);
	return { status: 200, headers, chunks: compressed(chunks, coding) };
}

type Told = {
	readonly urls: Urls;
	readonly asked: SearchQuery;
	next(progress: Progress): string;
};

async function* lines(
	first: IteratorResult<SearchStep>,
	steps: AsyncGenerator<SearchStep>,
	told: Told,
): Chunks {
	let toldMs = 0;
	try {
		for (let step = first; !step.done; step = await steps.next()) {
			const { hits, progress } = step.value;
			for (const hit of hits) yield eventLine(told.urls, progress, hit);
			if (progress.end !== undefined) {
				yield line("end", endOf(progress, told));
			} else if (progress.milliseconds - toldMs > PROGRESS_MS) {
				toldMs = progress.milliseconds;
				yield line("progress", shownProgress(progress));
			} else yield "";
		}
	} finally {
		await steps.return(undefined);
	}
}

function eventLine(urls: Urls, { span }: Progress, { entry }: Hit): string {
	const [composed] = composeEvents(urls, span.stream, [entry]);
	return composed ? `{"event":${encodeEntryLine(composed).trimEnd()}}\n` : "";
}

function line(name: string, facts: object): string {
	return `${JSON.stringify({ [name]: facts })}\n`;
}

function shownProgress({ span, next, reached, ...progress }: Progress) {
	const { found, unreadable, milliseconds } = progress;
	return {
		stream: span.stream,
		searched: span.high - next,
		of: span.high - span.low + 1,
		found,
		...(unreadable > 0 ? { unreadable } : {}),
		...(reached === undefined ? {} : { reached: new Date(reached).toISOString() }),
		milliseconds: Math.round(milliseconds),
	};
}

/** What each condition fits by itself is told if together they found nothing. */
function endOf(progress: Progress, { asked, next }: Told) {
	const { end, found } = progress;
	return {
		reason: end,
		...shownProgress(progress),
		...(found === 0 ? { alone: aloneIn(progress, asked) } : {}),
		...(end === "all-searched" ? {} : { next: next(progress) }),
	};
}
