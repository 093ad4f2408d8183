/** Traces of requests, as the door sees them. */
import type { EndTrace } from "../numbers/requests.ts";

/** What a trace tells of a request; no more of it leaves the server. */
export type TracedRequest = {
	readonly method?: string | undefined;
	readonly url?: string | undefined;
	readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

export interface RequestTracing {
	/**
	 * Begins a trace, under that of the request's `traceparent` if it has one.
	 * @param route a pattern of the table of routes
	 */
	begin(req: TracedRequest, route: string): EndTrace;
}
