/**
 * The short way for the hot paths: a page, and an append.
 *
 * A pass through Express costs about five times a bare answer of node:http. The requests that make
 * up nearly all traffic are recognised here by one regular expression and given to the same
 * handlers that Express would call, so the bytes are the same. Whatever looks unusual goes the long
 * way.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ALL } from "../event.ts";
import { type Cors, type CorsOf, methodsShown } from "./answering/cors.ts";
import { respond } from "./answering/exchange.ts";
import { afterMinPosition } from "./conditions/min-position.ts";
import type { Context } from "./context.ts";
import { answerAppend } from "./handlers/append.ts";
import { answerPage, sendRecalled } from "./handlers/pages/page.ts";
import type { PageTarget } from "./handlers/pages/request.ts";
import { UNESCAPED } from "./urls.ts";

//                        stream        from     direction          count       query
const PAGE = /^\/streams\/([^/?#]+)(?:\/([^/?#]+)\/(forward|backward)\/([^/?#]+))?(?:\?([^#]*))?$/;
const STREAM_WITH_QUERY = /^\/streams\/[^/?#]+(?:\?|$)/;
const STREAM = /^\/streams\/([^/?#]+)$/;

type FastLane = (req: IncomingMessage, res: ServerResponse) => boolean;
/** The headers of a route, on any stream and on `$all`. */
type OwnOrAll = { readonly own: Cors; readonly all: Cors };

/** @returns answers a request if it is one of the hot ones; false says it was left untouched */
export function createFastLane(context: Context, cors: CorsOf): FastLane {
	const stream = ownOrAll(cors, "/streams/:stream");
	const page = ownOrAll(cors, "/streams/:stream/:from/forward/:count");
	return (req, res) => {
		if (req.method === "GET") return takePage(context, req, res, stream, page);
		return req.method === "POST" && takeAppend(context, req, res, stream);
	};
}

function takePage(
	context: Context,
	req: IncomingMessage,
	res: ServerResponse,
	stream: OwnOrAll,
	page: OwnOrAll,
): boolean {
	const { url = "" } = req;
	if (sendRecalled(context, req, res)) return true;
	if (UNESCAPED.test(url)) return false;
	const target = pageTarget(url);
	if (!target) return false;
	const of = STREAM_WITH_QUERY.test(url) ? stream : page;
	const exchange = { context, req, res, cors: target.stream === ALL ? of.all : of.own };
	respond(exchange, () => afterMinPosition(exchange, () => answerPage(exchange, target)));
	return true;
}

function takeAppend(
	context: Context,
	req: IncomingMessage,
	res: ServerResponse,
	{ own, all }: OwnOrAll,
): boolean {
	const { url = "" } = req;
	if (UNESCAPED.test(url)) return false;
	const stream = decodeSegment(STREAM.exec(url)?.[1]);
	if (stream === undefined) return false;
	const exchange = { context, req, res, cors: stream === ALL ? all : own };
	respond(exchange, () => answerAppend(exchange, { stream }));
	return true;
}

function ownOrAll(cors: CorsOf, path: string): OwnOrAll {
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
