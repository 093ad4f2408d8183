/** A visitor's account, as the screens see it. */
import type { Via } from "../../../access/principal.ts";
import type { Account } from "../../../screens.ts";
import { givenCookie, hostCookie } from "../../authentication/cookies.ts";
import { refusePlainSecret } from "../../authentication/secrecy.ts";
import { SESSION_COOKIE, sessionIn } from "../../authentication/session.ts";
import { issuerLoginFor } from "./issuer.ts";
import type { Visitor } from "./visitor.ts";

/** A password that began a session is what curl is asked for. */
const SHOWN: Readonly<Record<Via, Account["shows"]>> = {
	anonymous: "nothing",
	system: "nothing",
	password: "password",
	session: "password",
	token: "token",
	oidc: "token",
	certificate: "certificate",
};

/** @param base where the visitor sees the server */
export function accountFor({ context, req, principal }: Visitor, base: string): Account {
	const { logins, sessions, settings } = context;
	const name = hostCookie(SESSION_COOKIE, base);
	const { name: login, groups, isAdmin, via } = principal;
	return {
		login,
		groups,
		isAdmin,
		shows: SHOWN[via],
		// Without `Authorization`, a user of the issuer has one, too.
		hasSession: via === "session" || (via === "oidc" && req.headers.authorization === undefined),
		issuer: issuerLoginFor({ context, req, principal }, base),
		async logIn(given, password) {
			refusePlainSecret(req, settings);
			const user = await logins.userWith({ login: given, password }, req);
			return givenCookie(name, await sessions.begin(user), base);
		},
		async logOut() {
			const text = sessionIn(req, settings.publicUrl);
			const known = text === undefined ? undefined : await sessions.principalOf(text);
			if (known) await sessions.end(known.name);
			return givenCookie(name, "", base);
		},
	};
}
