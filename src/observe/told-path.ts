/** The URL of a request as it is told: in a line, in a problem, on a page. */

/** Where an issuer sends a browser back to, with a code in the query. */
export const LOGIN_CALLBACK = "/login/callback";

/** The path and the query, without the query of a login's end: whoever has the code comes in. */
export function withoutCode(url: string): string {
	return url.startsWith(`${LOGIN_CALLBACK}?`) ? LOGIN_CALLBACK : url;
}
