/**
 * What an `EventSource` gets in place of a refusal that may pass by itself (departure 34): 200, how
 * long to wait before it comes back, and the end. On any other status it gives up for ever.
 *
 * Which refusals pass is the same question for every client of ours, so the reader's list has the
 * answer: too many readers, a time-out, a position that this node does not have yet, a server that
 * stops, a fault that was not foreseen. Damage of the log, for one, does not pass: it keeps its
 * status, which tells whoever looks after the page.
 */
import type { IncomingMessage } from "node:http";
import { encodeLeave } from "../../../feeds/event-source/encode.ts";
import { passes } from "../../../feeds/exchange/problem.ts";
import { FEED_TYPES } from "../../../feeds/formats/feed.ts";
import { NOT_KEPT } from "../../cache/policy.ts";
import { negotiateType } from "../request/negotiation.ts";
import type { Answer } from "./answer.ts";
import { isRequestRefusal } from "./problems.ts";

/** nginx would collect events until a buffer is full. */
export const NOT_COLLECTED: readonly string[] = ["X-Accel-Buffering", "no"];
/** Of refusals that say nothing themselves: as long as a full server asks for. */
const RETRY_AFTER_SECONDS = 5;
const STREAM = /\/(?:streams\/[^?]+|log\/changes)(?:\?(.*))?$/s;

/** Undefined if the request is not for a live stream, or the refusal does not pass by itself. */
export function leaveInstead(req: IncomingMessage, error: unknown): Answer | undefined {
	const word = isRequestRefusal(error) ? error.word : "internal-error";
	if (!passes(word) || (req.method !== "GET" && req.method !== "HEAD")) return undefined;
	const type = liveTypeOf(req);
	if (type === undefined) return undefined;
	const body = Buffer.from(encodeLeave(retryAfterSeconds(error) * 1000, word));
	const form = ["Content-Type", type.contentType, "Content-Length", String(body.length)];
	return { status: 200, headers: [...form, ...NOT_KEPT, ...NOT_COLLECTED], body };
}

/** The type of server-sent events, if the request asks for that and for nothing better. */
function liveTypeOf(req: IncomingMessage) {
	// Most refused requests end here.
	if (!/text\/event-stream/i.test(req.headers.accept ?? "")) return undefined;
	const [path, query = ""] = STREAM.exec(req.url ?? "") ?? [];
	if (path === undefined) return undefined;
	try {
		const type = negotiateType(req, query, FEED_TYPES);
		return type.format === "event-stream" ? type : undefined;
	} catch {
		return undefined;
	}
}

function retryAfterSeconds(error: unknown): number {
	const { facts } = error as { readonly facts?: { readonly retryAfterSeconds?: unknown } };
	return typeof facts?.retryAfterSeconds === "number"
		? facts.retryAfterSeconds
		: RETRY_AFTER_SECONDS;
}
