/**
 * The short way for the hot paths: a page, and an append.
 *
 * A pass through Express costs about five times a bare answer of node:http. The requests that make
 * up nearly all traffic are recognised here by one regular expression and given to the same
 * handlers that Express would call, so the bytes are the same. Whatever looks unusual goes the long
 * way.
 */
import { send } from "./answer.ts";
import type { Exchange } from "./exchange.ts";
import { respond } from "./exchange.ts";
import { answerAppend } from "./handlers/append.ts";
import { answerPage, type PageTarget, recallPage } from "./handlers/page.ts";
import { UNESCAPED } from "./urls.ts";

//                        stream        from     direction          count       query
const PAGE = /^\/streams\/([^/?#]+)(?:\/([^/?#]+)\/(forward|backward)\/([^/?#]+))?(?:\?([^#]*))?$/;
const STREAM = /^\/streams\/([^/?#]+)$/;

/** Answers the request if it is one of the hot ones; false leaves it untouched. */
export function takeFastLane(exchange: Exchange): boolean {
	const { method, url = "" } = exchange.req;
	const known = method === "GET" ? recallPage(exchange) : undefined;
	if (known) {
		send(exchange.res, known);
		return true;
	}
	if (UNESCAPED.test(url)) return false;
	if (method === "GET") {
		const target = pageTarget(url);
		if (target) respond(exchange, () => answerPage(exchange, target));
		return target !== undefined;
	}
	if (method === "POST") {
		const stream = decodeSegment(STREAM.exec(url)?.[1]);
		if (stream !== undefined) respond(exchange, () => answerAppend(exchange, { stream }));
		return stream !== undefined;
	}
	return false;
}

function pageTarget(url: string): PageTarget | undefined {
	const match = PAGE.exec(url);
	const stream = decodeSegment(match?.[1]);
	if (!match || stream === undefined) return undefined;
	const query = match[5] ?? "";
	if (match[2] === undefined)
		return { stream, from: "head", direction: "backward", count: "20", query };
	const from = decodeSegment(match[2]);
	const count = decodeSegment(match[4]);
	if (from === undefined || count === undefined) return undefined;
	return { stream, from, direction: match[3] as PageTarget["direction"], count, query };
}

/** Undefined where it cannot be decoded: Express then says why. */
function decodeSegment(segment: string | undefined): string | undefined {
	if (segment === undefined || !segment.includes("%")) return segment;
	try {
		return decodeURIComponent(segment);
	} catch {
		return undefined;
	}
}
