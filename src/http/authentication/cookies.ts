/** Cookies: the ones that a browser sends, and what gives it new ones. */
import type { IncomingMessage } from "node:http";

/** The values that this server gives to cookies, and no others. */
const VALUE = /^[\w.-]{1,4000}$/;

/** The value of a cookie; undefined if there is none that this server can have given. */
export function cookieOf(
	{ headers: { cookie = "" } }: IncomingMessage,
	name: string,
): string | undefined {
	for (const pair of cookie.split(";")) {
		const [key, value] = pair.split("=", 2);
		if (key?.trim() === name && value !== undefined && VALUE.test(value.trim())) {
			return value.trim();
		}
	}
	return undefined;
}

/**
 * The header that gives a browser a cookie until it is closed, for this server alone; an empty
 * value takes it away. Scripts do not see it, and no other site sends it.
 * @param base where the browser sees the server
 */
export function givenCookie(name: string, value: string, base: string): readonly string[] {
	const secure = base.startsWith("https:") ? "; Secure" : "";
	const ends = value === "" ? "; Max-Age=0" : "";
	const cookie = `${name}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${ends}`;
	return ["Set-Cookie", cookie];
}

/**
 * As `givenCookie`, for some time. Its browser also sends it when a link or a redirect of another
 * site leads here.
 */
export function passingCookie(
	name: string,
	value: string,
	{ base, seconds }: { readonly base: string; readonly seconds: number },
): readonly string[] {
	const secure = base.startsWith("https:") ? "; Secure" : "";
	const cookie = `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
	return ["Set-Cookie", cookie];
}

/**
 * The name of a cookie that no page of another host can set: browsers see to that, over https, for
 * names that begin with `__Host-`.
 */
export function hostCookie(name: string, base: string): string {
	return base.startsWith("https:") ? `__Host-${name}` : name;
}
