/**
 * Every route of the API, on one screen.
 *
 * Express matches a path's segments and percent-decodes each of them once, so `%2F` can be part of
 * a stream's name. Everything else is the handlers'.
 */
import express, { type Express, type Request } from "express";
import { Refusal } from "../errors.ts";
import { type CorsOf, methodsShown, NO_CORS, PREFLIGHT } from "./answering/cors.ts";
import { type Exchange, type Handle, respond } from "./answering/exchange.ts";
import { afterMinPosition } from "./conditions/min-position.ts";
import type { Context } from "./context.ts";
import { answerAppend, answerIncoming } from "./handlers/append.ts";
import { answerRedact } from "./handlers/erasure/redact.ts";
import {
	answerScavengeCurrent,
	answerScavengeLast,
	answerScavengeStart,
	answerScavengeStop,
} from "./handlers/erasure/scavenge.ts";
import { answerEvent } from "./handlers/event.ts";
import { answerMoment } from "./handlers/moment.ts";
import { answerOpenApi } from "./handlers/openapi.ts";
import { answerFiltered } from "./handlers/pages/filtered.ts";
import { answerPage } from "./handlers/pages/page.ts";
import { answerService } from "./handlers/service.ts";
import { answerInfo, answerLive, answerPing, answerReady } from "./handlers/small.ts";
import { answerDelete } from "./handlers/streams/delete.ts";
import {
	answerMetadata,
	answerMetadataAppend,
	answerMetadataPage,
} from "./handlers/streams/metadata.ts";
import { answerSlash } from "./handlers/streams/slash.ts";
import { answerCheckpoint, answerKey, answerTile } from "./handlers/tree.ts";
import { UNESCAPED } from "./urls.ts";

/** Handlers of one path by method; HEAD goes where GET goes. */
type Methods = {
	readonly GET?: RouteHandle;
	readonly POST?: RouteHandle;
	readonly DELETE?: RouteHandle;
};
/** @param at the decoded segments of the path, by their names in the route */
type RouteHandle = (exchange: Exchange, at: Segments, query: string) => ReturnType<Handle>;
type Segments = (name: "stream" | "from" | "count" | "id" | "time" | "tile") => string;

const HEAD_COUNT = "20";

/** The paths of `$all` itself: a router matches them as they are written. */
function ofAll(path: string, methods: Methods): Array<readonly [string, Methods]> {
	return ["$all", "%24all"].map((all) => [`/streams/${all}${path}`, methods]);
}

function filtered(direction: "forward" | "backward"): Methods {
	return {
		GET: (exchange, at, query) =>
			answerFiltered(exchange, { from: at("from"), direction, count: at("count"), query }),
	};
}

const slash: RouteHandle = (exchange, _, query) => answerSlash(exchange, query);

export const ROUTES: ReadonlyArray<readonly [path: string, methods: Methods]> = [
	["/", { GET: answerService }],
	["/openapi.json", { GET: answerOpenApi }],
	["/ping", { GET: (exchange, _, query) => answerPing(exchange, query) }],
	["/info", { GET: answerInfo }],
	["/log/checkpoint", { GET: answerCheckpoint }],
	["/log/key", { GET: answerKey }],
	[
		"/log/tile/*tile",
		{ GET: (exchange, at, query) => answerTile(exchange, { path: at("tile"), query }) },
	],
	["/health/live", { GET: answerLive }],
	["/health/ready", { GET: answerReady }],
	["/admin/scavenge", { POST: (exchange, _, query) => answerScavengeStart(exchange, query) }],
	[
		"/admin/scavenge/current",
		{
			GET: (exchange, _, query) => answerScavengeCurrent(exchange, query),
			DELETE: (exchange, _, query) => answerScavengeStop(exchange, "current", query),
		},
	],
	["/admin/scavenge/last", { GET: (exchange, _, query) => answerScavengeLast(exchange, query) }],
	[
		"/admin/scavenge/:id",
		{ DELETE: (exchange, at, query) => answerScavengeStop(exchange, at("id"), query) },
	],
	[
		"/streams/:stream",
		{
			GET: (exchange, at, query) =>
				page(exchange, at("stream"), "head", "backward", HEAD_COUNT, query),
			POST: (exchange, at) => answerAppend(exchange, { stream: at("stream") }),
			DELETE: (exchange, at) => answerDelete(exchange, { stream: at("stream") }),
		},
	],
	["/streams/:stream/", { POST: slash, DELETE: slash, GET: slash }],
	["/streams/:stream/metadata/", { POST: slash, GET: slash }],
	[
		"/streams/:stream/metadata",
		{
			GET: (exchange, at, query) =>
				answerMetadata(exchange, { stream: at("stream"), at: "head", query }),
			POST: (exchange, at) => answerMetadataAppend(exchange, { stream: at("stream") }),
		},
	],
	[
		"/streams/:stream/metadata/:from",
		{
			GET: (exchange, at, query) =>
				answerMetadata(exchange, { stream: at("stream"), at: at("from"), query }),
		},
	],
	["/streams/:stream/metadata/:from/:count", metadataPages("backward")],
	["/streams/:stream/metadata/:from/forward/:count", metadataPages("forward")],
	["/streams/:stream/metadata/:from/backward/:count", metadataPages("backward")],
	[
		"/streams/:stream/incoming/:id",
		{
			// The contract's routes overlap here: a GET is a page whose number is `incoming`, and refused
			// as one.
			GET: (exchange, at, query) =>
				page(exchange, at("stream"), "incoming", "backward", at("id"), query),
			POST: (exchange, at) => answerIncoming(exchange, { stream: at("stream"), id: at("id") }),
		},
	],
	...ofAll("/filtered", {
		GET: (exchange, _, query) =>
			answerFiltered(exchange, { from: "head", direction: "backward", count: HEAD_COUNT, query }),
	}),
	[
		"/streams/:stream/:from",
		{
			GET: (exchange, at, query) =>
				answerEvent(exchange, { stream: at("stream"), at: at("from"), query }),
		},
	],
	[
		// Before the route that would take `at` for a number.
		"/streams/:stream/at/:time",
		{
			GET: (exchange, at, query) =>
				answerMoment(exchange, { stream: at("stream"), time: at("time"), query }),
		},
	],
	[
		// Before the route that would take `data` for a count.
		"/streams/:stream/:from/data",
		{
			DELETE: (exchange, at, query) =>
				answerRedact(exchange, { stream: at("stream"), at: at("from"), query }),
		},
	],
	[
		"/streams/:stream/:from/:count",
		{
			GET: (exchange, at, query) =>
				page(exchange, at("stream"), at("from"), "backward", at("count"), query),
		},
	],
	[
		"/streams/:stream/:from/forward/:count",
		{
			GET: (exchange, at, query) =>
				page(exchange, at("stream"), at("from"), "forward", at("count"), query),
		},
	],
	[
		"/streams/:stream/:from/backward/:count",
		{
			GET: (exchange, at, query) =>
				page(exchange, at("stream"), at("from"), "backward", at("count"), query),
		},
	],
	...ofAll("/filtered/:from/:count", filtered("backward")),
	...ofAll("/filtered/:from/forward/:count", filtered("forward")),
	...ofAll("/filtered/:from/backward/:count", filtered("backward")),
	// Behind the routes of pages, whose direction it would take for a number.
	...["$scavenges", "%24scavenges"].map((scavenges) => scavengePages(`/streams/${scavenges}`)),
];

export function createRoutes(context: Context, corsOf: CorsOf): Express {
	const app = express();
	const nothing = corsOf("");
	app.disable("x-powered-by");
	app.disable("etag");
	app.enable("case sensitive routing");
	app.enable("strict routing");

	app.use((req, res, next) => {
		if (!UNESCAPED.test(req.url)) return next();
		respond({ context, req, res, cors: nothing }, () => {
			throw malformedUrl("It holds a byte that has to be percent-encoded.");
		});
	});
	for (const [path, methods] of ROUTES) {
		const names = Object.keys(methods);
		app.all(path, (req, res) => {
			const cors = path.startsWith("/health/")
				? NO_CORS
				: corsOf(methodsShown(path, names, String(req.params.stream ?? "")));
			respond({ context, req, res, cors }, (exchange) => dispatch(exchange, req, methods));
		});
	}
	app.use((req, res) => {
		respond({ context, req, res, cors: nothing }, () => {
			throw new Refusal("route-not-found", { path: req.path.slice(0, 256) });
		});
	});
	// Four parameters make it an error handler to Express; it gets what failed before a handler ran.
	app.use((error: unknown, req: Request, res: express.Response, _next: express.NextFunction) => {
		respond({ context, req, res, cors: nothing }, () => {
			throw error instanceof URIError
				? malformedUrl("A %-sequence in the path is not valid UTF-8.")
				: error;
		});
	});
	return app;
}

function dispatch(exchange: Exchange, req: Request, methods: Methods): ReturnType<Handle> {
	const { method } = req;
	const handle = method === "HEAD" ? methods.GET : methods[method as keyof Methods];
	if (Object.hasOwn(methods, method === "HEAD" ? "GET" : method) && handle) {
		const answer = () => handle(exchange, (name) => segments(req.params[name]), queryOf(req.url));
		return handle === methods.GET ? afterMinPosition(exchange, answer) : answer();
	}
	const allowed = [...Object.keys(methods), ...(methods.GET ? ["HEAD"] : []), "OPTIONS"];
	if (method === "OPTIONS") {
		const headers = ["Allow", allowed.join(", "), ...PREFLIGHT, "Content-Length", "0"];
		return { status: 200, headers };
	}
	throw new Refusal("method-not-allowed", { method, allowed });
}

function page(
	exchange: Exchange,
	stream: string,
	from: string,
	direction: "forward" | "backward",
	count: string,
	query: string,
): ReturnType<Handle> {
	return answerPage(exchange, { stream, from, direction, count, query });
}

/** The pages of one run, under the name of the list: contract 10.1. */
function scavengePages(list: string): readonly [string, Methods] {
	const GET: RouteHandle = (exchange, at, query) =>
		page(exchange, `$scavenges-${at("id")}`, at("from"), "backward", at("count"), query);
	return [`${list}/:id/:from/:count`, { GET }];
}

function metadataPages(direction: "forward" | "backward"): Methods {
	return {
		GET: (exchange, at, query) =>
			answerMetadataPage(exchange, {
				stream: at("stream"),
				from: at("from"),
				direction,
				count: at("count"),
				query,
			}),
	};
}

/** A wildcard has several. */
function segments(found: string | string[] | undefined): string {
	return Array.isArray(found) ? found.join("/") : String(found);
}

function queryOf(url: string): string {
	const mark = url.indexOf("?");
	return mark < 0 ? "" : url.slice(mark + 1);
}

function malformedUrl(reason: string): Refusal {
	return new Refusal("malformed-url", { reason });
}
