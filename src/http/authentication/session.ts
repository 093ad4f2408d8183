/** The user whose session a browser shows. */
import type { IncomingMessage } from "node:http";
import type { Principal } from "../../access/principal.ts";
import type { Sessions } from "../../accounts/sessions/sessions.ts";
import { baseOf } from "../request/base.ts";
import { cookieOf, hostCookie } from "./cookies.ts";

export const SESSION_COOKIE = "varve-session";

/** The session in a request, if a page of this server sent it; undefined if there is none. */
export function sessionIn(req: IncomingMessage, publicUrl: string | undefined): string | undefined {
	if (req.headers.cookie === undefined) return undefined;
	const base = baseOf(req, publicUrl);
	const text = cookieOf(req, hostCookie(SESSION_COOKIE, base));
	return text !== undefined && isOwnPage(req, base) ? text : undefined;
}

/**
 * The principal of a session, at once if it is known.
 * @returns undefined if the request shows none, or one that has ended: its browser is anonymous
 */
export function principalOfSession(
	req: IncomingMessage,
	sessions: Sessions,
	publicUrl: string | undefined,
): Principal | undefined | Promise<Principal | undefined> {
	const text = sessionIn(req, publicUrl);
	return text === undefined ? undefined : sessions.principalOf(text);
}

/**
 * Whether the request comes from a page of this server, or from nobody's. Browsers keep the cookie
 * from other sites; but another port of this host, and a host beside it, are of the same site.
 */
export function isOwnPage({ method, headers }: IncomingMessage, base: string): boolean {
	const { origin, "sec-fetch-site": site } = headers;
	if (origin === undefined) return site !== "cross-site" && site !== "same-site";
	// Our pages send no referrer, so their forms have this origin; their token decides.
	if (origin === "null") return method === "POST" && (site ?? "same-origin") === "same-origin";
	return origin === new URL(base).origin;
}
