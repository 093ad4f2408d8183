/**
 * The short way for the hot paths: a page, and an append.
 *
 * A pass through Express costs about five times a bare answer of node:http. The requests that make up nearly
 * all traffic are recognised here by one regular expression and given to the same handlers that Express would
 * call, so the bytes are the same. Whatever looks unusual goes the long way.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ALL } from "../event.ts";
import type { Context } from "./context.ts";
import { respond } from "./exchange.ts";
import { answerAppend } from "./handlers/append.ts";
import { answerPage, type PageTarget } from "./handlers/page.ts";
import { type Cors, type CorsOf, methodsShown } from "./transport/cors.ts";
import { UNESCAPED } from "./urls.ts";

//                        stream        from     direction          count       query
const PAGE = /^\/streams\/([^/?#]+)(?:\/([^/?#]+)\/(forward|backward)\/([^/?#]+))?(?:\?([^#]*))?$/;
const STREAM = /^\/streams\/([^/?#]+)$/;

/** @returns answers a request if it is one of the hot ones; false says it was left untouched */
export function createFastLane(
	context: Context,
	cors: CorsOf,
): (req: IncomingMessage, res: ServerResponse) => boolean {
	const stream = bothCors(cors, "/streams/:stream");
	const page = bothCors(cors, "/streams/:stream/:from/forward/:count");
	return (req, res) => {
		const { method, url = "" } = req;
		if (UNESCAPED.test(url)) return false;
		if (method === "GET") {
			const target = pageTarget(url);
			if (!target) return false;
			const of = target.from === "head" && !url.includes("/head/") ? stream : page;
			const exchange = { context, req, res, cors: target.stream === ALL ? of.all : of.own };
			respond(exchange, () => answerPage(exchange, target));
			return true;
		}
		const name = method === "POST" ? decodeSegment(STREAM.exec(url)?.[1]) : undefined;
		if (name === undefined) return false;
		const exchange = { context, req, res, cors: name === ALL ? stream.all : stream.own };
		respond(exchange, () => answerAppend(exchange, { stream: name }));
		return true;
	};
}

function bothCors(cors: CorsOf, path: string): { own: Cors; all: Cors } {
	return { own: cors(methodsShown(path, [])), all: cors(methodsShown(path, [], ALL)) };
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
