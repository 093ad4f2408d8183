/**
 * An issuer of tokens (OpenID Connect): its keys, fetched when they are needed and kept, and the
 * check of what it has signed.
 *
 * A token of a stranger makes the server ask the issuer for keys at most once in half a minute. If
 * the issuer cannot be asked, the server refuses for now: the token may be a good one.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { Refusal } from "../../errors.ts";
import type { Members } from "../json.ts";
import { fetchIssuer, fetchObject } from "./fetch.ts";

/** Signatures by keys of its own alone: no shared secrets, and never `none`. */
const ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];
/** How far the clocks of two machines may differ. */
export const SKEW_SECONDS = 30;
const KEYS_MS = 10 * 60_000;
const AGAIN_MS = 30_000;
const RETRY_AFTER_SECONDS = 10;
const TOKEN_LENGTH_MAX = 16 * 1024;

/** What an issuer says of itself. */
export type Discovered = {
	/** Its URL, as its tokens name it. */
	readonly issuer: string;
	readonly keys: JWTVerifyGetKey;
	readonly authorizationEndpoint: string;
	readonly tokenEndpoint: string;
};

export class Issuer {
	readonly #url: string;
	readonly #report: (error: unknown) => void;
	#discovered: Promise<Discovered> | undefined;
	#failedMs = Number.NEGATIVE_INFINITY;

	/**
	 * @param url without a slash at its end
	 * @param report is told why the issuer could not be asked
	 */
	constructor(url: string, report: (error: unknown) => void) {
		this.#url = url;
		this.#report = report;
	}

	/**
	 * The claims of a token that the issuer signed for an audience, and that has not expired.
	 * @throws Refusal `unauthorized`, `issuer-unreachable`
	 */
	async claimsOf(token: string, audience: string): Promise<Members> {
		if (token.length > TOKEN_LENGTH_MAX) throw wrong();
		const { issuer, keys } = await this.discovered();
		try {
			const { payload } = await jwtVerify(token, keys, {
				issuer,
				audience,
				algorithms: ALGORITHMS,
				clockTolerance: SKEW_SECONDS,
				requiredClaims: ["exp", "sub"],
			});
			return payload;
		} catch (error) {
			if (error instanceof errors.JOSEError) throw isOfIssuer(error) ? unreachable() : wrong();
			throw error;
		}
	}

	/** @throws Refusal `issuer-unreachable` */
	discovered(): Promise<Discovered> {
		this.#discovered ??= this.#discover().catch((error: unknown) => {
			this.#discovered = undefined;
			throw error;
		});
		return this.#discovered;
	}

	/**
	 * Asks the issuer; after a failure, not again for a while.
	 * @throws Refusal `issuer-unreachable`
	 */
	async ask<T>(request: () => Promise<T>): Promise<T> {
		if (performance.now() - this.#failedMs < RETRY_AFTER_SECONDS * 1000) throw unreachable();
		try {
			return await request();
		} catch (error) {
			this.#failedMs = performance.now();
			this.#report(error);
			throw unreachable();
		}
	}

	#discover(): Promise<Discovered> {
		const where = `${this.#url}/.well-known/openid-configuration`;
		return this.ask(async () => {
			const told = await fetchObject(where);
			const { issuer } = told;
			if (typeof issuer !== "string" || issuer.replace(/\/+$/, "") !== this.#url) {
				throw new Error(`the issuer at ${this.#url} calls itself ${String(issuer)}`);
			}
			const keys = createRemoteJWKSet(new URL(this.#endpoint(told, "jwks_uri")), {
				cacheMaxAge: KEYS_MS,
				cooldownDuration: AGAIN_MS,
				[customFetch]: (url, { headers }) => this.ask(() => fetchIssuer(url, { headers })),
			});
			return {
				issuer,
				keys,
				authorizationEndpoint: this.#endpoint(told, "authorization_endpoint"),
				tokenEndpoint: this.#endpoint(told, "token_endpoint"),
			};
		});
	}

	/** What is fetched over TLS must not lead to what is not. */
	#endpoint(told: Members, name: string): string {
		const url = told[name];
		if (typeof url !== "string" || !URL.canParse(url)) throw new Error(`the issuer has no ${name}`);
		if (url.startsWith("https:") || this.#url.startsWith("http:")) return url;
		throw new Error(`the issuer's ${name} is not https`);
	}
}

/** Whether the keys could not be had, or are none; the token may be good. */
function isOfIssuer(error: errors.JOSEError): boolean {
	if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
	return error.code === "ERR_JOSE_GENERIC";
}

function unreachable(): Refusal {
	return new Refusal("issuer-unreachable", { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

function wrong(): Refusal {
	return new Refusal("unauthorized", { cause: "credentials" });
}
