/**
 * The table of routes by path: what both lanes, and the door behind them, know of a URL that the
 * API has.
 */
import { ALL } from "../../event.ts";
import { type Cors, type CorsOf, methodsShown, NO_CORS } from "../answering/cors.ts";
import type { Recall } from "../answering/exchange.ts";
import type { Route, Target } from "../routes.ts";

export type Place = {
	readonly path: string;
	/** By method; that of GET stands under HEAD as well. */
	readonly routes: ReadonlyMap<string, Route>;
	/** The methods there are, as `Allow` lists them. */
	readonly allowed: readonly string[];
	/** The stream that the path itself names. */
	readonly stream: string | undefined;
	/** What every answer tells browsers, on `$all` and on any other stream. */
	readonly corsOfAll: Cors;
	readonly cors: Cors;
};

/** What a lane found a request to be. */
export type Found = {
	readonly place: Place;
	readonly target: Target;
	/** How it is answered without a read, if its words are remembered. */
	readonly recall?: Recall | undefined;
};

/** The places of a table, in its order. */
export function placesOf(routes: readonly Route[], corsOf: CorsOf): Place[] {
	const paths = [...new Set(routes.map(({ path }) => path))];
	return paths.map((path) => {
		const here = routes.filter((route) => route.path === path);
		return placeOf(path, here, corsOf);
	});
}

export function corsFor({ place, target }: Found): Cors {
	return target.stream === ALL ? place.corsOfAll : place.cors;
}

function placeOf(path: string, routes: readonly Route[], corsOf: CorsOf): Place {
	const methods = routes.map(({ method }) => method);
	const byMethod = new Map<string, Route>(routes.map((route) => [route.method, route]));
	const get = byMethod.get("GET");
	if (get) byMethod.set("HEAD", get);
	// Probes are no business of browsers.
	const shown = (stream: string) =>
		path.startsWith("/health/") ? NO_CORS : corsOf(methodsShown(path, methods, stream));
	return {
		path,
		routes: byMethod,
		allowed: [...methods, ...(get ? ["HEAD"] : []), "OPTIONS"],
		stream: /^\/streams\/((?:\$|%24)\w+)/.exec(path)?.[1]?.replace("%24", "$"),
		corsOfAll: shown(ALL),
		cors: shown(""),
	};
}
