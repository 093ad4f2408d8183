/**
 * What a browser shows besides screens is content of clients: a feed, an event in the form it was
 * sent. It must not run as a page of this origin, which could send forms and write as the server's
 * own pages do. So it is shown in a sandbox, in no frame, and as the type it has.
 */
import type { IncomingMessage } from "node:http";
import type { Settings } from "../../../config.ts";
import { namesHtml } from "../../request/html.ts";
import type { Answer } from "../answer.ts";

const POLICY = "Content-Security-Policy";
const SANDBOX = [
	POLICY,
	"sandbox; default-src 'none'; frame-ancestors 'none'",
	"X-Content-Type-Options",
	"nosniff",
];

/**
 * Whether a browser may show the answer or run it: it lists HTML, or says that it is for anything
 * but a script that reads it (`fetch`, `EventSource`).
 */
export function mayBeShown(req: IncomingMessage): boolean {
	const { "sec-fetch-dest": destination } = req.headers;
	return namesHtml(req) || (destination !== undefined && destination !== "empty");
}

/** @param answer to a client that may show it */
export function guarded(
	answer: Answer | Promise<Answer>,
	settings: Pick<Settings, "hstsMaxAge">,
): Answer | Promise<Answer> {
	if (answer instanceof Promise) return answer.then((done) => withGuard(done, settings));
	return withGuard(answer, settings);
}

/** A screen has a policy of its own. */
function withGuard(answer: Answer, { hstsMaxAge }: Pick<Settings, "hstsMaxAge">): Answer {
	const { headers } = answer;
	const guard = headers.includes(POLICY) ? [] : SANDBOX;
	// Browsers heed it over https only (RFC 6797 section 8.1).
	const strict = hstsMaxAge > 0 ? ["Strict-Transport-Security", `max-age=${hstsMaxAge}`] : [];
	return { ...answer, headers: [...headers, ...guard, ...strict] };
}
