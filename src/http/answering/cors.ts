/**
 * The headers that let pages of other origins read this API in browsers (contract 0.4, 11.6).
 *
 * The headers are the same for every answer of a route, so they are made once a route. For one
 * origin or for all of them the request's `Origin` changes nothing: pages lie in shared caches for
 * a year. A list of origins costs a `Vary: Origin`, and caches then keep each page once an origin.
 */
import type { IncomingMessage } from "node:http";
import { fieldLines } from "../../cache/field-lines.ts";
import type { Settings } from "../../config.ts";
import { ALL } from "../../event.ts";
import { namedOrigins } from "../request/origin.ts";

export type Cors = {
	/** Fields of every answer of the route, as the lines that are sent. */
	readonly lines: string;
	/** The same if the request came to no handler: there is nothing to allow. */
	readonly refused: string;
	/** Those of a request that comes from one of several origins. */
	readonly byOrigin?: ReadonlyMap<string, Cors>;
};

/** Which headers clients of the contract send, in its order. */
const CLIENT_HEADERS = [
	"Content-Type",
	"X-Requested-With",
	"X-Forwarded-Host",
	"X-Forwarded-Prefix",
	"X-PINGOTHER",
	"Authorization",
];
const NAMED_TWICE = [
	"LongPoll",
	"ExpectedVersion",
	"EventId",
	"EventType",
	"RequireMaster",
	"RequireLeader",
	"HardDelete",
	"ResolveLinkTos",
];
const ALLOWED_HEADERS = [
	...CLIENT_HEADERS,
	...NAMED_TWICE.map((name) => `Kurrent-${name}`),
	...NAMED_TWICE.map((name) => `ES-${name}`),
	"ES-MinPosition",
	"If-Match",
	"If-None-Match",
	"Last-Event-ID",
].join(", ");
const EXPOSED_HEADERS = [
	"Location",
	"Kurrent-Position",
	"Kurrent-CurrentVersion",
	"ES-Position",
	"ES-CurrentVersion",
	"ETag",
	"Link",
	"Varve-Lines",
	"Varve-Repeated",
	"Varve-Ignored",
	"Varve-Redacted",
	"Retry-After",
].join(", ");

/** For a day a browser need not ask again; the methods of a route change with a release at most. */
const PREFLIGHT_SECONDS = "86400";
export const PREFLIGHT = ["Access-Control-Max-Age", PREFLIGHT_SECONDS];

export const NO_CORS: Cors = { lines: "", refused: "" };

/** The headers of a route, from the methods it shows. */
export type CorsOf = (methods: string) => Cors;

/**
 * The value of `Access-Control-Allow-Methods`, if it is not the methods of the path's rows in their
 * order. The contract's routes overlap: it lists the methods of every template that a path matches,
 * in an order of its own, and twice if two have them.
 */
const OVERLAPPING: Readonly<Record<string, string>> = {
	"/streams/:stream": "POST, DELETE, GET",
	"/streams/:stream/metadata": "GET, POST, GET",
};
/** `$all` has routes of its own beside those of any stream: its head, and its pages. */
const ALL_ALSO = /^\/streams\/:stream(?:\/:from(?:\/\w+)?\/:count)?$/;

/**
 * @param methods of the path's rows, in their order
 * @param stream that a request names; "" for none
 */
export function methodsAllowed(path: string, methods: readonly string[], stream: string): string {
	const own = OVERLAPPING[path] ?? methods.join(", ");
	const also = stream === ALL && ALL_ALSO.test(path) ? ", GET" : "";
	return `${own}${also}, OPTIONS`;
}

/** The headers of a request: of a route, those of the request's own origin if it names several. */
export function corsForOrigin(cors: Cors, { headers }: IncomingMessage): Cors {
	if (cors.byOrigin === undefined) return cors;
	return cors.byOrigin.get(headers.origin ?? "") ?? cors;
}

export function corsOf(settings: Settings): CorsOf {
	const { corsOrigin, corsHeaders } = settings;
	if (corsOrigin === "none") return () => NO_CORS;
	const origins = namedOrigins(corsOrigin);
	if (origins.length > 1) return corsOfSeveral(origins, settings);
	return corsOfOne(corsOrigin, corsHeaders);
}

const BY_ORIGIN = fieldLines(["Vary", "Origin"]);

function corsOfSeveral(origins: readonly string[], { corsHeaders }: Settings): CorsOf {
	const each = origins.map((origin) => [origin, corsOfOne(origin, corsHeaders)] as const);
	return (methods) => {
		const byOrigin = each.map(([origin, of]) => [origin, varying(of(methods))] as const);
		return { lines: BY_ORIGIN, refused: BY_ORIGIN, byOrigin: new Map(byOrigin) };
	};
}

function varying({ lines, refused }: Cors): Cors {
	return { lines: lines + BY_ORIGIN, refused: refused + BY_ORIGIN };
}

function corsOfOne(corsOrigin: string, corsHeaders: string | undefined): CorsOf {
	const allowed =
		corsHeaders === undefined ? ALLOWED_HEADERS : `${ALLOWED_HEADERS}, ${corsHeaders}`;
	const made = new Map<string, Cors>();
	const linesFor = (methods: string) =>
		fieldLines([
			"Access-Control-Allow-Methods",
			methods,
			"Access-Control-Allow-Headers",
			allowed,
			"Access-Control-Allow-Origin",
			corsOrigin,
			"Access-Control-Expose-Headers",
			EXPOSED_HEADERS,
		]);
	const refused = linesFor("");
	return (methods) => {
		const known = made.get(methods);
		if (known) return known;
		const cors = { lines: methods === "" ? refused : linesFor(methods), refused };
		made.set(methods, cors);
		return cors;
	};
}
