/**
 * What a client needs for a request that somebody else asks about: a cache that keeps pages for
 * several classes of clients. It knows the routes of streams, since caches keep nothing else that
 * not everybody may read.
 */
import { type Needed, neededFor } from "../../access/rights.ts";
import { NO_CORS } from "../answering/cors.ts";
import type { Route } from "../routes.ts";
import { createMatcher } from "./matching.ts";
import { resourcesOf } from "./resources.ts";

/** @returns undefined for a request that is for no stream, or is no request of ours */
export type NeededBy = (method: string, url: string) => Needed | undefined;

export function createNeeds(routes: readonly Route[]): NeededBy {
	const resources = resourcesOf(routes, () => NO_CORS);
	const match = createMatcher(resources, isOfStream);
	return (method, url) => {
		const asked = method === "HEAD" ? "GET" : method;
		const found = match(asked, url);
		const route = found?.resource.routes.get(asked);
		return found && route && neededFor(route, found.target);
	};
}

function isOfStream({ path, stream }: Route): boolean {
	return path.startsWith("/streams/:stream") && stream === undefined;
}
