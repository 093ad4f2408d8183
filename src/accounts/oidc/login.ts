/**
 * A login by a browser: authorization code with PKCE (RFC 7636).
 *
 *     startLogin ─▶ the browser goes to the issuer ─▶ and comes back with a code
 *     finishLogin: the code, for an ID token ─▶ whom it names
 *
 * What `startLogin` keeps belongs into a cookie of that browser: a code alone is worth nothing, and
 * nobody can have somebody else's browser log in as himself.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isRefusal, Refusal } from "../../errors.ts";
import { type Members, membersOf } from "../json.ts";
import { fetchIssuer } from "./fetch.ts";
import type { Issuer } from "./issuer.ts";

export type OidcClient = {
	readonly id: string;
	/** Undefined for a public client. */
	readonly secret: string | undefined;
	/** What a login asks for: `openid`, and others. */
	readonly scope: string;
};

/** What the browser has to bring back. */
export type StartedLogin = {
	/** Where to send the browser. */
	readonly url: string;
	/** For a cookie: the state, the nonce and the verifier, with dots between them. */
	readonly kept: string;
};

export const NOT_STARTED = "this browser has not begun it, or longer ago than ten minutes";
const NOT_CONFIRMED = "the issuer does not confirm it";
const RANDOM_BYTES = 32;
const CODE = /^[\x20-\x7e]{1,2048}$/;
/** RFC 6749 section 4.1.2.1, and those of OpenID Connect. */
const ERROR = /^[a-z_]{1,64}$/;

/**
 * @param redirectUri where the issuer sends the browser back to
 * @throws Refusal `issuer-unreachable`
 */
export async function startLogin(
	issuer: Issuer,
	{ id, scope }: OidcClient,
	redirectUri: string,
): Promise<StartedLogin> {
	const { authorizationEndpoint } = await issuer.discovered();
	const [state, nonce, verifier] = [randomText(), randomText(), randomText()];
	const url = new URL(authorizationEndpoint);
	const parameters = {
		response_type: "code",
		client_id: id,
		redirect_uri: redirectUri,
		scope,
		state,
		nonce,
		code_challenge: createHash("sha256").update(verifier).digest("base64url"),
		code_challenge_method: "S256",
	};
	for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
	return { url: url.href, kept: [state, nonce, verifier].join(".") };
}

/**
 * The claims of the user who has logged in at the issuer.
 * @param query of the URL that the browser came back to
 * @param kept as `startLogin` made it
 * @throws Refusal `login-unfinished`, `issuer-unreachable`
 */
export async function finishLogin(
	issuer: Issuer,
	client: OidcClient,
	{ redirectUri, query, kept }: { redirectUri: string; query: URLSearchParams; kept: string },
): Promise<Members> {
	const [state = "", nonce = "", verifier = ""] = kept.split(".");
	if (!isSame(query.get("state") ?? "", state)) throw unfinished(NOT_STARTED);
	const code = query.get("code") ?? "";
	if (!CODE.test(code)) throw unfinished(refusalOf(query));
	const token = await redeem(issuer, client, { redirectUri, code, verifier });
	const claims = await issuer.claimsOf(token, client.id).catch(notConfirmed);
	if (typeof claims.nonce !== "string" || !isSame(claims.nonce, nonce)) {
		throw unfinished(NOT_CONFIRMED);
	}
	// A token for several audiences names the one it was made for.
	if (claims.azp !== undefined && claims.azp !== client.id) throw unfinished(NOT_CONFIRMED);
	return claims;
}

/** Only the error's own word, of those that the protocol has: anybody can have written the rest. */
function refusalOf(query: URLSearchParams): string {
	const error = query.get("error") ?? "";
	return ERROR.test(error) ? `the issuer says ${error}` : "the issuer sent no code";
}

function notConfirmed(error: unknown): never {
	throw isRefusal(error, "unauthorized") ? unfinished(NOT_CONFIRMED) : error;
}

async function redeem(
	issuer: Issuer,
	{ id, secret }: OidcClient,
	{ redirectUri, code, verifier }: { redirectUri: string; code: string; verifier: string },
): Promise<string> {
	const { tokenEndpoint } = await issuer.discovered();
	const body = new URLSearchParams({
		grant_type: "authorization_code",
		code,
		redirect_uri: redirectUri,
		code_verifier: verifier,
		client_id: id,
	});
	const headers = secret === undefined ? {} : { authorization: basicOf(id, secret) };
	const answer = await issuer.ask(async () => {
		const { status, ...rest } = await askFor(tokenEndpoint, { method: "POST", headers, body });
		// The operator has to know: nobody can log in with this id and secret.
		if (status === 401) throw new Error(`the issuer refuses this server as its client '${id}'`);
		return { status, ...rest };
	});
	const token = answer.status === 200 ? membersOf(answer.bytes)?.id_token : undefined;
	if (typeof token !== "string") throw unfinished(NOT_CONFIRMED);
	return token;
}

async function askFor(url: string, init: RequestInit) {
	const answer = await fetchIssuer(url, init);
	return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}

/** RFC 6749 section 2.3.1: both are encoded as in a form first. */
function basicOf(id: string, secret: string): string {
	const encoded = [id, secret].map((text) => new URLSearchParams({ t: text }).toString().slice(2));
	return `Basic ${Buffer.from(encoded.join(":")).toString("base64")}`;
}

function isSame(one: string, other: string): boolean {
	const [first, second] = [one, other].map((text) => createHash("sha256").update(text).digest());
	return other !== "" && timingSafeEqual(first as Buffer, second as Buffer);
}

function randomText(): string {
	return randomBytes(RANDOM_BYTES).toString("base64url");
}

/** @param reason the end of a sentence: why the login has not come to its end */
export function unfinished(reason: string): Refusal {
	return new Refusal("login-unfinished", { reason });
}
