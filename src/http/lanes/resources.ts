/**
 * The table of routes by path: the facts of a URL of the API that both lanes, and the door
 * behind them, need.
 */
import type { Needed } from "../../access/rights.ts";
import { ALL } from "../../event.ts";
import { type Cors, type CorsOf, methodsAllowed, NO_CORS } from "../answering/cors.ts";
import type { Recall } from "../answering/exchange.ts";
import type { Route, Target } from "../routes.ts";

export type Resource = {
	readonly path: string;
	/** By method; that of GET stands under HEAD as well. */
	readonly routes: ReadonlyMap<string, Route>;
	/** The methods there are, as `Allow` lists them. */
	readonly allowed: readonly string[];
	/** As its routes have it. */
	readonly stream: string | undefined;
	/** The CORS headers of every answer, on `$all` and on any other stream. */
	readonly corsOfAll: Cors;
	readonly cors: Cors;
};

/** The resource that a lane found for a request, and the parts of its URL. */
export type RouteMatch = {
	readonly resource: Resource;
	readonly target: Target;
	/** Of a remembered GET: what its client needs. */
	readonly needed?: Needed | undefined;
	/** Answers it without a read, if its words are remembered. */
	readonly recall?: Recall | undefined;
};

/** The resources of a table, in its order. */
export function resourcesOf(routes: readonly Route[], corsOf: CorsOf): Resource[] {
	const paths = [...new Set(routes.map(({ path }) => path))];
	return paths.map((path) => {
		const here = routes.filter((route) => route.path === path);
		return resourceOf(path, here, corsOf);
	});
}

export function corsFor({ resource, target }: RouteMatch): Cors {
	return target.stream === ALL ? resource.corsOfAll : resource.cors;
}

function resourceOf(path: string, routes: readonly Route[], corsOf: CorsOf): Resource {
	const methods = routes.map(({ method }) => method);
	const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]));
	const get = byMethod.get("GET");
	if (get) byMethod.set("HEAD", get);
	// Health checks carry no CORS headers: browsers do not need them.
	const shown = (stream: string) =>
		path.startsWith("/health/") ? NO_CORS : corsOf(methodsAllowed(path, methods, stream));
	return {
		path,
		routes: byMethod,
		allowed: [...methods, ...(get ? ["HEAD"] : []), "OPTIONS"],
		stream: routes[0]?.stream,
		corsOfAll: shown(ALL),
		cors: shown(""),
	};
}
