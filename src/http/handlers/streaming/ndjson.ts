/**
 * GET of a stream as NDJSON or CSV: every event from the URL's place on, in one response.
 *
 *     /streams/s                   from the first event to the head
 *     /streams/s/40/forward/20     from 40 to the head
 *     /streams/s/head/backward/20  from the head down to the first, newest first
 *
 * The count in a page's URL is not used here: a client that wants one page asks for another format.
 */
import { CSV_HEAD, encodeEntryCsv } from "../../../../feeds/csv/encode.ts";
import type { Entry } from "../../../../feeds/model.ts";
import { encodeEntryLine } from "../../../../feeds/ndjson/encode.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import { readReplay } from "../../../pages/replay.ts";
import type { Answer } from "../../answering/answer.ts";
import { compressed } from "../../answering/compress.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { urlsAt } from "../../urls.ts";
import type { StreamingRequest } from "./request.ts";

/** How the entries are written, one after another, behind a head. */
type Lines = { readonly head: string; encode(entry: Entry): string };

const NDJSON: Lines = { head: "", encode: encodeEntryLine };
const CSV: Lines = { head: CSV_HEAD, encode: encodeEntryCsv };

/** @throws Refusal `stream-not-found`, and what a read of the log refuses */
export function answerNdjson(exchange: Exchange, request: StreamingRequest): Promise<Answer> {
	return answerLines(exchange, request, NDJSON);
}

/** The same as CSV. @throws Refusal as `answerNdjson` */
export function answerCsv(exchange: Exchange, request: StreamingRequest): Promise<Answer> {
	return answerLines(exchange, request, CSV);
}

async function answerLines(
	{ context, principal }: Exchange,
	{ stream, range, isOwnUrl, representation }: StreamingRequest,
	form: Lines,
): Promise<Answer> {
	const { log } = context;
	const { type, coding, base } = representation;
	const replay = isOwnUrl
		? { stream, from: 0, direction: "forward" as const }
		: { stream, from: range.from, direction: range.direction };
	const steps = readReplay(context.access.readsFor(principal), urlsAt(base, log), replay);
	// The first step decides whether there is anything to answer with.
	const first = await steps.next();
	const chunks = lines(first, steps, form);
	// The answer may be as long as the log, and ends at the head of the moment it began.
	const headers = ["Content-Type", type.contentType, ...NOT_KEPT];
	if (coding === "identity") return { status: 200, headers, chunks };
	headers.push("Content-Encoding", coding);
	return { status: 200, headers, chunks: compressed(chunks, coding) };
}

async function* lines(
	first: IteratorResult<Entry[]>,
	steps: AsyncGenerator<Entry[]>,
	{ head, encode }: Lines,
): AsyncGenerator<string> {
	if (head !== "") yield head;
	for (let step = first; !step.done; step = await steps.next()) {
		yield step.value.map((entry) => encode(entry)).join("");
	}
}
