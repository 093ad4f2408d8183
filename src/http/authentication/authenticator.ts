/**
 * Says who sends a request, by its `Authorization`:
 *
 *     none ─────────────────────────────────────────▶ anonymous
 *     remembered ───────────────────────────────────▶ its principal, at once
 *     Basic ─▶ the password fits the user's hash ───▶ the user
 *     Bearer ─▶ a token of this store ──────────────▶ its user, within its scope
 *            └▶ a token of the issuer ──────────────▶ whom its claims name
 *     anything else ────────────────────────────────▶ refused: unauthorized
 */
import type { IncomingMessage } from "node:http";
import type { BlockList } from "node:net";
import type { Authenticator } from "../../access/authenticator.ts";
import { ANONYMOUS, type Principal, principalOf } from "../../access/principal.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import { hashOfToken, tokenIdIn } from "../../accounts/tokens/text.ts";
import { hasExpired } from "../../accounts/tokens/tokens.ts";
import type { User } from "../../accounts/users/user.ts";
import { Refusal } from "../../errors.ts";
import { parseNetworks } from "../../networks.ts";
import { clientAddress } from "./address.ts";
import { authorizationOf, type Credentials, parseAuthorization } from "./authorization.ts";
import { RememberedCredentials, type Verified } from "./remembered.ts";

type Basic = Extract<Credentials, { scheme: "basic" }>;

export class AccountAuthenticator implements Authenticator {
	readonly #accounts: Accounts;
	readonly #remembered = new RememberedCredentials();
	readonly #trusted: BlockList | undefined;

	/** @param trustedProxies as in the settings */
	constructor(accounts: Accounts, trustedProxies: string | undefined) {
		this.#accounts = accounts;
		this.#trusted = trustedProxies === undefined ? undefined : parseNetworks(trustedProxies);
	}

	/** @throws Refusal `unauthorized`, `malformed-header`, `logins-slowed`, `logins-busy` */
	principalOf(req: IncomingMessage): Principal | Promise<Principal> {
		const text = authorizationOf(req);
		if (text === undefined) return ANONYMOUS;
		return this.#remembered.principalOf(text, () => this.#verify(text, req));
	}

	/** The address that failures to log in are counted for. */
	addressOf(req: IncomingMessage): string {
		return clientAddress(req, this.#trusted);
	}

	async #verify(text: string, req: IncomingMessage): Promise<Verified> {
		const credentials = parseAuthorization(text);
		if (credentials === undefined) throw wrong();
		if (credentials.scheme === "basic") return this.#verifyUser(credentials, req);
		const { token } = credentials;
		const { oidc } = this.#accounts;
		if (token.startsWith("varve_") || oidc === undefined) return this.#verifyToken(token);
		const { principal, untilMs } = await oidc.verify(token);
		return { principal, holds: () => Date.now() < untilMs };
	}

	async #verifyUser({ login, password }: Basic, req: IncomingMessage): Promise<Verified> {
		const { users, checks, userChanges, report } = this.#accounts;
		const user = await users.get(login);
		await checks.check({ login, password, address: this.addressOf(req) }, user);
		// The check has refused a login that nobody has.
		const known = user as User;
		if (checks.isOutdated(known)) userChanges.rehash(known, password).catch(report);
		const principal = principalOf({ name: login, groups: known.groups, via: "password" });
		return { principal, holds: () => users.get(login) === known };
	}

	async #verifyToken(text: string): Promise<Verified> {
		const { tokens, users } = this.#accounts;
		const id = tokenIdIn(text);
		const token = id === undefined ? undefined : await tokens.get(id);
		if (token === undefined || hashOfToken(text) !== token.hash || hasExpired(token)) throw wrong();
		const { user: login, scope } = token;
		const user = await users.get(login);
		if (user === undefined || user.isDisabled) throw wrong();
		const principal = principalOf({ name: login, groups: user.groups, via: "token", scope });
		const holds = () => {
			const isSame = tokens.get(token.id) === token && users.get(login) === user;
			if (isSame) tokens.use(token);
			return isSame && !hasExpired(token);
		};
		return { principal, holds };
	}
}

function wrong(): Refusal {
	return new Refusal("unauthorized", { cause: "credentials" });
}
