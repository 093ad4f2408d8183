/**
 * Logins by way of the issuer, from a click in a browser to its session. What a login has started
 * with is kept in a cookie of that browser alone, signed, for ten minutes:
 *
 *     <state>.<nonce>.<verifier>.<to>.<end>.<signature>     the path in Base64, the end in seconds
 */
import { Turns } from "../passwords/turns.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { isSameSignature, signatureOf } from "../sessions/signature.ts";
import { NOT_STARTED, unfinished } from "./login.ts";
import type { Oidc } from "./oidc.ts";

export const LOGIN_SECONDS = 600;
const FORM = /^((?:[\w-]{43}\.){3})([\w-]{1,1500})\.(\d{1,12})\.([\w-]{43})$/;
/** In a cookie, beside the rest. */
const PATH_LENGTH_MAX = 1024;

type Back = {
	readonly redirectUri: string;
	readonly query: URLSearchParams;
	/** The cookie; undefined if the browser has none. */
	readonly kept: string | undefined;
	/** Whose login it is, among those that wait. */
	readonly address: string;
};

export class BrowserLogins {
	readonly #oidc: Oidc;
	readonly #sessions: Sessions;
	readonly #key: Buffer | string;
	/** A login waits for the issuer, which strangers can have asked as they like. */
	readonly #turns = new Turns();

	constructor(oidc: Oidc, sessions: Sessions, key: Buffer | string) {
		this.#oidc = oidc;
		this.#sessions = sessions;
		this.#key = key;
	}

	/** The host of the issuer. */
	get name(): string {
		return this.#oidc.name;
	}

	/**
	 * @param to the path that the login leads to in the end; the root if it is too long to keep
	 * @returns where to send the browser, and what its cookie is to hold
	 * @throws Refusal `issuer-unreachable`
	 */
	async start(redirectUri: string, to: string): Promise<{ url: string; kept: string }> {
		const { url, kept } = await this.#oidc.startLogin(redirectUri);
		const path = Buffer.from(to.length > PATH_LENGTH_MAX ? "/" : to).toString("base64url");
		const end = Math.floor(Date.now() / 1000) + LOGIN_SECONDS;
		const head = `${kept}.${path}.${end}`;
		return { url, kept: `${head}.${this.#sign(head)}` };
	}

	/**
	 * @returns the user's name, the text of the session, and the path to go on with
	 * @throws Refusal `login-unfinished`, `issuer-unreachable`, `logins-busy`
	 */
	async finish({ redirectUri, query, kept = "", address }: Back) {
		const [, started = "", path = "", end = "", signature = ""] = FORM.exec(kept) ?? [];
		const isSigned = isSameSignature(signature, this.#sign(`${started}${path}.${end}`));
		if (!isSigned || Number(end) * 1000 <= Date.now()) throw unfinished(NOT_STARTED);
		const returned = { redirectUri, query, kept: started.slice(0, -1) };
		const known = await this.#turns.take(address, () => this.#oidc.finishLogin(returned));
		const session = await this.#sessions.beginIssued(known);
		if (session === undefined) throw unfinished("your groups are more than a cookie holds");
		return { name: known.principal.name, session, to: Buffer.from(path, "base64url").toString() };
	}

	#sign(head: string): string {
		return signatureOf(this.#key, ["login", head]);
	}
}
