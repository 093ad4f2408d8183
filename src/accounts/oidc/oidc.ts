/** The users of an issuer: whom its tokens name, as principals of this store. */
import { type Principal, principalOf } from "../../access/principal.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { Members } from "../json.ts";
import type { Users } from "../users/users.ts";
import { type ClaimNames, claimedBy } from "./claims.ts";
import { Issuer, SKEW_SECONDS } from "./issuer.ts";
import {
	finishLogin,
	type OidcClient,
	type StartedLogin,
	startLogin,
	unfinished,
} from "./login.ts";

export type OidcOptions = ClaimNames & {
	/** Without a slash at its end. */
	readonly issuer: string;
	/** That an access token must name. */
	readonly audience: string;
	/** Undefined if nobody logs in by a browser. */
	readonly client: OidcClient | undefined;
};

/** A principal, and until when it is one: milliseconds since 1970. */
export type Known = { readonly principal: Principal; readonly untilMs: number };

/** What a browser came back with. */
export type Returned = {
	readonly redirectUri: string;
	readonly query: URLSearchParams;
	readonly kept: string;
};

const NO_USER =
	"the issuer's name for you is none that this store takes, or that of one of its own users";

export class Oidc {
	readonly #options: OidcOptions;
	readonly #issuer: Issuer;
	readonly #users: Users;

	/** @param report is told why the issuer could not be asked */
	constructor(options: OidcOptions, users: Users, report: (error: unknown) => void) {
		this.#options = options;
		this.#issuer = new Issuer(options.issuer, report);
		this.#users = users;
	}

	/** @throws Refusal `unauthorized`, `issuer-unreachable` */
	async verify(token: string): Promise<Known> {
		return this.#known(await this.#issuer.claimsOf(token, this.#options.audience));
	}

	/** Whether users can log in by a browser. */
	get hasLogin(): boolean {
		return this.#options.client !== undefined;
	}

	/** The host of the issuer. */
	get name(): string {
		return new URL(this.#options.issuer).host;
	}

	/** As `startLogin`. @throws Refusal `unauthorized` if nobody can log in by a browser */
	startLogin(redirectUri: string): Promise<StartedLogin> {
		return startLogin(this.#issuer, this.#client(), redirectUri);
	}

	/** As `finishLogin`. */
	async finishLogin(returned: Returned): Promise<Known> {
		const claims = await finishLogin(this.#issuer, this.#client(), returned);
		return this.#known(claims).catch((error: unknown) => {
			throw isRefusal(error, "unauthorized") ? unfinished(NO_USER) : error;
		});
	}

	#client(): OidcClient {
		const { client } = this.#options;
		if (client === undefined) throw new Refusal("unauthorized", { cause: "credentials" });
		return client;
	}

	/** The issuer cannot name a user of the store: `admin`, above all, is an admin by its name. */
	async #known(claims: Members): Promise<Known> {
		const claimed = claimedBy(claims, this.#options);
		const isTaken =
			claimed === undefined ||
			claimed.name === "admin" ||
			(await this.#users.get(claimed.name)) !== undefined;
		if (isTaken) throw new Refusal("unauthorized", { cause: "credentials" });
		const untilMs = Number(claims.exp) * 1000;
		const holds = () => {
			// It ends, too, if the store gets a user of that name.
			const taken = this.#users.get(claimed.name);
			const isFree = taken === undefined || taken instanceof Promise;
			return isFree && Date.now() < untilMs + SKEW_SECONDS * 1000;
		};
		return { principal: principalOf({ ...claimed, via: "oidc", holds }), untilMs };
	}
}
