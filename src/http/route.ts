/** A row of the table of routes, and what the server hands to its handler. */
import type { Right } from "../access/rights.ts";
import type { Answer } from "./answering/answer.ts";
import type { Exchange } from "./answering/exchange.ts";

export type Route = {
	readonly method: Method;
	/** Segments behind `/`; `:name` is any one, `*name` all that are left. */
	readonly path: string;
	/** `neededFor` says on which stream the client needs it. */
	readonly right: Right;
	/** The stream of its requests, if no segment is its name; `:id` stands for that segment. */
	readonly stream: string | undefined;
	/** True if the fast lane takes it. */
	readonly isHot: boolean;
	readonly handle: RouteHandler;
};

/** A row as the table writes it. */
export type RouteRow = readonly [
	Method,
	path: string,
	Right,
	"hot" | "cold",
	RouteHandler,
	stream?: string,
];

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export type RouteHandler = (exchange: Exchange, target: Target) => Answer | Promise<Answer>;

/**
 * The parts of a request's URL: its query without the `?`, and the named segments of its path,
 * percent-decoded, nothing checked; "" for each segment that the path lacks. If the route says the
 * stream, `stream` is that one.
 */
export type Target = { readonly [N in "query" | SegmentName]: string };
export type SegmentName =
	| "stream"
	| "group"
	| "from"
	| "count"
	| "id"
	| "time"
	| "tile"
	| "file"
	| "path";
