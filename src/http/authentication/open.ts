/** Makes all that knows who sends a request, over one log. */
import type { IncomingMessage } from "node:http";
import type { Authenticator } from "../../access/authenticator.ts";
import { Accounts } from "../../accounts/accounts.ts";
import { BrowserLogins } from "../../accounts/oidc/browser-logins.ts";
import type { OidcOptions } from "../../accounts/oidc/oidc.ts";
import { sessionKeyIn } from "../../accounts/sessions/key.ts";
import { Sessions } from "../../accounts/sessions/sessions.ts";
import { defaultUsers } from "../../accounts/users/first-start.ts";
import type { InitialUser } from "../../accounts/users/users.ts";
import { Audit } from "../../audit/audit.ts";
import { oidcOf, type Settings } from "../../config.ts";
import type { Log } from "../../log/log.ts";
import { AccountAuthenticator } from "./authenticator.ts";

export type AuthenticationContext = {
	readonly authenticator: Authenticator;
	/** The address that failures to log in are counted for. */
	readonly addressOf: (req: IncomingMessage) => string;
	readonly accounts: Accounts;
	readonly sessions: Sessions;
	/** Undefined if nobody logs in by way of an issuer. */
	readonly browserLogins: BrowserLogins | undefined;
	/** Checks the login and password of a form. */
	readonly logins: Pick<AccountAuthenticator, "userWith">;
	readonly audit: Audit;
};

export type AuthenticationOptions = {
	/** The users of a log that has none; by default those of the settings. */
	readonly initialUsers?: readonly InitialUser[] | undefined;
	/** In place of the one that knows users and tokens. */
	readonly authenticator?: Authenticator | undefined;
	/** Told whose password was set. */
	readonly onPassword?: ((login: string) => void) | undefined;
	readonly report: (error: unknown) => void;
};

/** All of it listens to the log until `closeAuthentication`. */
export function openAuthentication(
	log: Log,
	settings: Settings,
	{ initialUsers, authenticator, onPassword, report }: AuthenticationOptions,
): AuthenticationContext {
	const initial = initialUsers ?? defaultUsers(settings);
	const [cost, oidc] = [settings.passwordCost, oidcOf(settings)];
	const accounts = new Accounts(log, { initial, cost, oidc, report, onPassword });
	const audit = new Audit(log, report, settings.data);
	const key = settings.sessionKey ?? sessionKeyIn(settings.data);
	const issuer = issuerText(oidc);
	const options = { key, hours: settings.sessionHours, report, issuer };
	const sessions = new Sessions(log, accounts.users, options);
	const browserLogins = accounts.oidc?.hasLogin
		? new BrowserLogins(accounts.oidc, sessions, key)
		: undefined;
	const known = new AccountAuthenticator(accounts, sessions, settings, (login, from) =>
		audit.countRefusal(login, from),
	);
	return {
		authenticator: authenticator ?? known,
		addressOf: (req) => known.addressOf(req),
		accounts,
		sessions,
		browserLogins,
		logins: known,
		audit,
	};
}

/** If any of it is another, names and groups may be others, and sessions have to begin anew. */
function issuerText(oidc: OidcOptions | undefined): string | undefined {
	if (oidc?.client === undefined) return undefined;
	const { issuer, client, nameClaim, groupsClaim, groups } = oidc;
	return JSON.stringify([issuer, client.id, nameClaim, groupsClaim, [...groups]]);
}

/** Writes what the audit has counted, and stops listening. */
export async function closeAuthentication(context: AuthenticationContext): Promise<void> {
	const { audit, accounts, sessions } = context;
	await audit.close();
	accounts.close();
	sessions.close();
}
