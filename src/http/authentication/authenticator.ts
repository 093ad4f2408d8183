/**
 * Says who sends a request, by its `Authorization`:
 *
 *     none ─▶ a client certificate, or a session ───▶ its user
 *          └▶ neither ──────────────────────────────▶ anonymous
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
import type { Sessions } from "../../accounts/sessions/sessions.ts";
import { hashOfToken, tokenIdIn } from "../../accounts/tokens/text.ts";
import { hasExpired } from "../../accounts/tokens/tokens.ts";
import type { User } from "../../accounts/users/user.ts";
import type { Settings } from "../../config.ts";
import { isRefusal, Refusal, type Word } from "../../errors.ts";
import { parseNetworks } from "../../networks.ts";
import { baseOf } from "../request/base.ts";
import { clientAddress } from "./address.ts";
import { type Credentials, parseAuthorization } from "./authorization.ts";
import { principalOfCertificate } from "./certificate.ts";
import { RememberedCredentials, type Verified } from "./remembered.ts";
import { isOwnPage, principalOfSession } from "./session.ts";

type Basic = Extract<Credentials, { scheme: "basic" }>;

/** A full line or an issuer that does not answer refuses nobody for who they are. */
const REFUSED: readonly Word[] = ["unauthorized", "logins-slowed", "bad-client-certificate"];

export class AccountAuthenticator implements Authenticator {
	readonly #accounts: Accounts;
	readonly #sessions: Sessions;
	readonly #remembered = new RememberedCredentials();
	readonly #trusted: BlockList | undefined;
	readonly #publicUrl: string | undefined;
	readonly #onRefused: (login: string, address: string) => void;

	/** @param onRefused is told of each login that fails: of which user, if there is one */
	constructor(
		accounts: Accounts,
		sessions: Sessions,
		{ trustedProxies, publicUrl }: Pick<Settings, "trustedProxies" | "publicUrl">,
		onRefused: (login: string, address: string) => void,
	) {
		this.#onRefused = onRefused;
		this.#accounts = accounts;
		this.#sessions = sessions;
		this.#publicUrl = publicUrl;
		this.#trusted = trustedProxies === undefined ? undefined : parseNetworks(trustedProxies);
	}

	/** @throws Refusal `unauthorized`, `malformed-header`, `logins-slowed`, `logins-busy` */
	principalOf(req: IncomingMessage): Principal | Promise<Principal> {
		// The server has refused a request that has two.
		const text = req.headers.authorization;
		if (text === undefined) return this.#withoutAuthorization(req);
		return this.#remembered.principalOf(text, () => this.#verify(text, req));
	}

	/** The address that failures to log in are counted for. */
	addressOf(req: IncomingMessage): string {
		return clientAddress(req, this.#trusted);
	}

	/**
	 * The user whose login and password these are.
	 * @throws Refusal `unauthorized`, `logins-slowed`, `logins-busy`
	 */
	async userWith(
		{ login, password }: Pick<Basic, "login" | "password">,
		req: IncomingMessage,
	): Promise<User> {
		const { users, checks, userChanges, report } = this.#accounts;
		const user = await users.get(login);
		const address = this.addressOf(req);
		try {
			const attempt = { login, password, address: this.#placeOf(req, address) };
			await checks.check(attempt, user);
		} catch (error) {
			this.#note(error, user?.login ?? "", address);
			throw error;
		}
		// The check has refused a login that nobody has.
		const known = user as User;
		if (!checks.isOutdated(known)) return known;
		// What is made of the login stands on the new hash. Without one, the old one goes on to count.
		await userChanges.rehash(known, password).catch(report);
		return (await users.get(login)) ?? known;
	}

	/**
	 * Where a login comes from. What a page of another site sends from somebody's browser slows down
	 * other sites, and not whoever sits there.
	 */
	#placeOf(req: IncomingMessage, address: string): string {
		return isOwnPage(req, baseOf(req, this.#publicUrl)) ? address : `${address} elsewhere`;
	}

	#withoutAuthorization(req: IncomingMessage): Principal | Promise<Principal> {
		const certified = this.#certified(req);
		if (certified !== undefined) return certified;
		const known = principalOfSession(req, this.#sessions, this.#publicUrl);
		if (!(known instanceof Promise)) return known ?? ANONYMOUS;
		return known.then((principal) => principal ?? ANONYMOUS);
	}

	async #verify(text: string, req: IncomingMessage): Promise<Verified> {
		const credentials = parseAuthorization(text);
		if (credentials?.scheme === "basic") return this.#verifyUser(credentials, req);
		try {
			if (credentials === undefined) throw wrong();
			return await this.#verifyBearer(credentials.token);
		} catch (error) {
			this.#note(error, "", this.addressOf(req));
			throw error;
		}
	}

	/** The principal of a client certificate; undefined if there is none. */
	#certified(req: IncomingMessage): Principal | undefined | Promise<Principal> {
		const refused = (error: unknown): never => {
			this.#note(error, "", this.addressOf(req));
			throw error;
		};
		try {
			const certified = principalOfCertificate(req, this.#accounts.users);
			return certified instanceof Promise ? certified.catch(refused) : certified;
		} catch (error) {
			return refused(error);
		}
	}

	/** Tells of a login that was refused; what failed for another reason is none. */
	#note(error: unknown, login: string, address: string): void {
		if (isRefusal(error) && REFUSED.includes(error.word)) this.#onRefused(login, address);
	}

	async #verifyBearer(token: string): Promise<Verified> {
		const { oidc } = this.#accounts;
		if (token.startsWith("varve_") || oidc === undefined) return this.#verifyToken(token);
		const { principal } = await oidc.verify(token);
		return { principal, holds: () => principal.holds?.() ?? true };
	}

	async #verifyUser(credentials: Basic, req: IncomingMessage): Promise<Verified> {
		const { login } = credentials;
		const known = await this.userWith(credentials, req);
		const { users } = this.#accounts;
		const holds = users.asLongAs(() => users.stands(known, true));
		const principal = principalOf({ name: login, groups: known.groups, via: "password", holds });
		return { principal, holds: users.asLongAs(() => users.get(login) === known) };
	}

	async #verifyToken(text: string): Promise<Verified> {
		const { tokens, users } = this.#accounts;
		const id = tokenIdIn(text);
		const token = id === undefined ? undefined : await tokens.get(id);
		if (token === undefined || hashOfToken(text) !== token.hash || hasExpired(token)) throw wrong();
		const { user: login, scope } = token;
		const user = await users.get(login);
		if (user === undefined || user.isDisabled) throw wrong();
		const { groups } = user;
		const isToken = (now = tokens.get(token.id)) => now === token || now instanceof Promise;
		const known = {
			...({ name: login, groups, via: "token", scope, token: token.id } as const),
			holds: () => isToken() && !hasExpired(token) && users.stands(user, false),
		};
		const holds = () => {
			const isSame = tokens.get(token.id) === token && users.get(login) === user;
			if (isSame) tokens.use(token);
			return isSame && !hasExpired(token);
		};
		return { principal: principalOf(known), holds };
	}
}

function wrong(): Refusal {
	return new Refusal("unauthorized", { cause: "credentials" });
}
