/**
 * GET of a tail page, such as `/streams/s/340/forward/20?wait=20`: of those who wait for event 340.
 *
 *     340 is there         answered at once, with all from 340 on that the page has room for
 *     340 is not there     held until it is there; empty if it does not come in time
 *
 * Everyone who waits at one place asks for one URL. So a cache asks the server once for all of
 * them, and may keep the answer for some seconds: what it shows stays true for ever, and it leads
 * on. An empty answer would be a lie after the next append. So no cache may keep it, and it leads
 * to the same page under the number of a span of time (`slot`): a cache that remembers a URL as
 * one whose answers cannot be kept folds the next one again.
 *
 * With `--tail-linger-ms`, the answer waits so long after its first event for more to come.
 */
import type { Version } from "../../../event.ts";
import { timeOf } from "../../../pages/moment.ts";
import type { Answer } from "../../answering/answer.ts";
import { answerMade } from "../../answering/document.ts";
import { clientGone, type Exchange, holdBeyond } from "../../answering/exchange.ts";
import type { PageRequest } from "./request.ts";
import { writePage } from "./write.ts";

/**
 * @throws Refusal `stream-deleted` as soon as the stream is, `stream-not-found` at the end of the
 *   wait, and what a read of the log refuses
 */
export async function answerTail(exchange: Exchange, request: PageRequest): Promise<Answer> {
	const { context } = exchange;
	const { stream, range, document, wait } = request;
	const from = Number(range.from);
	const newest = from + range.count - 1;
	const gone = clientGone(exchange);
	const before = await lastOf(exchange, request);
	const isThere = before >= from;
	if (!isThere) await holdBeyond(exchange, stream, from - 1, wait.ms, gone);
	const last = isThere ? before : await lastOf(exchange, request);

	const { tailLingerMs } = context.settings;
	const isFull = last >= newest;
	if (tailLingerMs > 0 && last >= from && !isFull) {
		const lingerMs = isThere ? await youthOf(exchange, request, tailLingerMs) : tailLingerMs;
		if (lingerMs > 0) await holdBeyond(exchange, stream, newest - 1, lingerMs, gone);
	}
	const now = isFull ? last : await lastOf(exchange, request);
	const asOf = now >= newest ? undefined : now;
	// All that were woken at this moment get one document.
	return answerMade(exchange, document, asOf, () => writePage(exchange, request));
}

async function lastOf({ context }: Exchange, { stream }: PageRequest): Promise<Version> {
	const { lastVersions } = context;
	return lastVersions.known(stream) ?? (await lastVersions.learn(stream)).last;
}

/** What is left of the linger of a page whose first event is there: 0 if that is older. */
async function youthOf(
	{ context }: Exchange,
	{ stream, range }: PageRequest,
	tailLingerMs: number,
): Promise<number> {
	const first = { stream, from: Number(range.from), limit: 1, direction: "forward" } as const;
	const { entries } = await context.log.read({ ...first, content: false });
	const [entry] = entries;
	if (entry === undefined) return 0;
	const ageMs = Date.now() - timeOf(entry);
	// A clock that was set back makes no event older than the linger.
	return Math.min(tailLingerMs, Math.max(0, tailLingerMs - ageMs));
}
