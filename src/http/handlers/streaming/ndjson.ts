/**
 * GET of a stream as NDJSON: every event from the URL's place on, in one response.
 *
 *     /streams/s                   from the first event to the head
 *     /streams/s/40/forward/20     from 40 to the head
 *     /streams/s/head/backward/20  from the head down to the first, newest first
 *
 * The count in a page's URL is not used here: a client that wants one page asks for another format.
 */
import type { Entry } from "../../../../feeds/model.ts";
import { encodeEntryLine } from "../../../../feeds/ndjson/encode.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { readReplay } from "../../../pages/replay.ts";
import type { Answer } from "../../answering/answer.ts";
import { compressed } from "../../answering/compress.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { urlsAt } from "../../urls.ts";
import type { StreamingRequest } from "./request.ts";

/** @throws Refusal `stream-not-found`, and what a read of the log refuses */
export async function answerNdjson(
	{ context }: Exchange,
	{ stream, range, isOwnUrl, representation }: StreamingRequest,
): Promise<Answer> {
	const { log } = context;
	const { type, coding, base } = representation;
	const replay = isOwnUrl
		? { stream, from: 0, direction: "forward" as const }
		: { stream, from: range.from, direction: range.direction };
	const steps = readReplay(log, urlsAt(base, log), replay);
	// The first step decides whether there is anything to answer with.
	const first = await steps.next();
	const chunks = lines(first, steps);
	// The answer may be as long as the log, and ends at the head of the moment it began.
	const headers = ["Content-Type", type.contentType, ...NOT_KEPT];
	if (coding === "identity") return { status: 200, headers, chunks };
	headers.push("Content-Encoding", coding);
	return { status: 200, headers, chunks: compressed(chunks, coding) };
}

async function* lines(
	first: IteratorResult<Entry[]>,
	steps: AsyncGenerator<Entry[]>,
): AsyncGenerator<string> {
	for (let step = first; !step.done; step = await steps.next()) {
		yield step.value.map(encodeEntryLine).join("");
	}
}
