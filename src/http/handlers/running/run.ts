/**
 * GET of a stream as NDJSON: every event from the URL's place on, in one response.
 *
 *     /streams/s                   from the first event to the head
 *     /streams/s/40/forward/20     from 40 to the head
 *     /streams/s/head/backward/20  from the head down to the first, newest first
 *
 * The count of a page's URL bounds nothing here: who wants a page asks for one as a page.
 */
import type { PageRange } from "../../../../feeds/geometry.ts";
import type { Coding } from "../../../../feeds/media.ts";
import type { Entry } from "../../../../feeds/model.ts";
import { encodeEntryLine } from "../../../../feeds/ndjson/encode.ts";
import { VARY } from "../../../cache/policy.ts";
import type { StreamName } from "../../../event.ts";
import type { Urls } from "../../../pages/entry.ts";
import { readRun } from "../../../pages/run.ts";
import type { Answer } from "../../answering/answer.ts";
import { compressed } from "../../answering/compress.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { isStreamItself } from "../../urls.ts";

const HEADERS = [
	"Content-Type",
	"application/x-ndjson; charset=utf-8",
	// It may be as long as the log, and ends where the head happened to be.
	"Cache-Control",
	"no-store",
	"Vary",
	VARY,
];

export async function answerRun(
	exchange: Exchange,
	stream: StreamName,
	range: PageRange,
	{ urls, coding }: { urls: Urls; coding: Coding },
): Promise<Answer> {
	const run = isWholeStream(exchange)
		? { stream, from: 0, direction: "forward" as const }
		: { stream, from: range.from, direction: range.direction };
	const steps = readRun(exchange.context.log, urls, run);
	// The first step decides whether there is anything to answer with.
	const first = await steps.next();
	const chunks = lines(first, steps);
	if (coding === "identity") return { status: 200, headers: HEADERS, chunks };
	const headers = [...HEADERS, "Content-Encoding", coding];
	return { status: 200, headers, chunks: compressed(chunks, coding) };
}

/** Whether the URL is the stream's own, and names no page of it. */
export function isWholeStream({ req }: Exchange): boolean {
	return isStreamItself(req.url);
}

async function* lines(
	first: IteratorResult<Entry[]>,
	steps: AsyncGenerator<Entry[]>,
): AsyncGenerator<string> {
	for (let step = first; !step.done; step = await steps.next()) {
		yield step.value.map(encodeEntryLine).join("");
	}
}
