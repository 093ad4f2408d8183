/** A visitor's login by way of the issuer: the cookies that it takes. */
import { LOGIN_SECONDS } from "../../../accounts/oidc/browser-logins.ts";
import { isRefusal } from "../../../errors.ts";
import { LOGIN_CALLBACK } from "../../../observe/told-path.ts";
import type { IssuerLogin } from "../../../screens/issuer.ts";
import { cookieOf, givenCookie, hostCookie, passingCookie } from "../../authentication/cookies.ts";
import { refusePlainSecret } from "../../authentication/secrecy.ts";
import { SESSION_COOKIE } from "../../authentication/session.ts";
import type { Visitor } from "./visitor.ts";

/** @returns undefined if nobody can log in that way */
export function issuerLoginFor({ context, req }: Visitor, base: string): IssuerLogin | undefined {
	const { browserLogins: logins, settings, addressOf, audit } = context;
	if (logins === undefined) return undefined;
	const name = hostCookie("varve-login", base);
	const redirectUri = `${base}${LOGIN_CALLBACK}`;
	const forget = () => passingCookie(name, "", { base, seconds: 0 });
	return {
		name: logins.name,
		async start(to) {
			refusePlainSecret(req, settings);
			const { url, kept } = await logins.start(redirectUri, to);
			return { url, headers: passingCookie(name, kept, { base, seconds: LOGIN_SECONDS }) };
		},
		async finish(query) {
			refusePlainSecret(req, settings);
			const address = addressOf(req);
			const returned = { redirectUri, query, kept: cookieOf(req, name), address };
			const done = await logins.finish(returned).catch((error: unknown) => {
				if (isRefusal(error, "login-unfinished")) audit.countRefusal("", address);
				throw error;
			});
			const session = givenCookie(hostCookie(SESSION_COOKIE, base), done.session, base);
			return { login: done.name, to: done.to, headers: [...session, ...forget()] };
		},
		forget,
	};
}
