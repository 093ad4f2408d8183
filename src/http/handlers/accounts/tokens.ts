/**
 * The tokens API: list, look, create, rotate, revoke. Admins see and change all tokens, other users
 * their own. A token makes no token: its scope would be no bound.
 */

import { parseTime } from "../../../../feeds/time.ts";
import type { Principal } from "../../../access/principal.ts";
import type { Token, TokenFacts } from "../../../accounts/tokens/token.ts";
import { Refusal } from "../../../errors.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { type Document, readDocument, textIn, textsIn } from "../../request/bodies/document.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { tokenUrl } from "../../urls.ts";
import {
	answerStructured,
	STRUCTURED_TYPES,
	type Structure,
	type StructuredType,
} from "./structured.ts";

export type TokenTarget = { readonly id: string; readonly query: string };

/** If nothing is said of its end, a token ends after a year. */
const USUAL_DAYS = 365;
const DAY_MS = 86_400_000;
const RIGHTS: readonly string[] = ["read", "write"];

/** GET /tokens */
export async function answerTokens(exchange: Exchange, target: TokenTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const all = await exchange.context.accounts.tokens.all();
	const tokens = all
		.filter((token) => maySee(exchange.principal, token))
		.map((token) => shown(exchange, token));
	return answerStructured(type, { root: "Tokens", value: { tokens } });
}

/** GET /tokens/{id} */
export async function answerToken(exchange: Exchange, target: TokenTarget): Promise<Answer> {
	const type = typeFor(exchange, target);
	const token = await tokenOf(exchange, target.id);
	return answerStructured(type, { root: "Token", value: shown(exchange, token) });
}

/** POST /tokens: the answer is the only one that has the token's text. */
export async function answerTokenCreation(
	exchange: Exchange,
	target: TokenTarget,
): Promise<Answer> {
	refuseTokens(exchange);
	const type = typeFor(exchange, target);
	const base = baseOf(exchange.req, exchange.context.settings.publicUrl);
	const document = await readDocument(exchange.req, exchange.context.settings.bodyBytesMax);
	const facts = factsIn(document, exchange.principal);
	const { token, text } = await exchange.context.accounts.tokenChanges.create(facts);
	const value = { token: text, ...shown(exchange, token) };
	const headers = ["Location", tokenUrl(base, token.id)];
	return answerStructured(type, { status: 201, root: "Token", value }, headers);
}

/** POST /tokens/{id}/command/rotate: the token of before ends at once. */
export async function answerTokenRotation(
	exchange: Exchange,
	target: TokenTarget,
): Promise<Answer> {
	refuseTokens(exchange);
	const type = typeFor(exchange, target);
	const { id } = await tokenOf(exchange, target.id);
	const { token, text } = await exchange.context.accounts.tokenChanges.rotate(id);
	const value = { token: text, ...shown(exchange, token) };
	return answerStructured(type, { root: "Token", value });
}

/** DELETE /tokens/{id} */
export async function answerTokenRevocation(
	exchange: Exchange,
	target: TokenTarget,
): Promise<Answer> {
	refuseTokens(exchange);
	const type = typeFor(exchange, target);
	const token = await tokenOf(exchange, target.id);
	await exchange.context.accounts.tokenChanges.revoke(token.id);
	return answerStructured(type, { root: "Token", value: { id: token.id, revoked: true } });
}

function typeFor({ req }: Exchange, { query }: TokenTarget): StructuredType {
	return negotiateType(req, query, STRUCTURED_TYPES);
}

/** @throws Refusal `unauthorized` */
function refuseTokens({ principal }: Exchange): void {
	if (principal.via === "token") throw new Refusal("unauthorized", { cause: "denied" });
}

/** To others, a token is not there. */
async function tokenOf({ context, principal }: Exchange, id: string): Promise<Token> {
	const token = await context.accounts.tokens.get(id);
	if (token !== undefined && maySee(principal, token)) return token;
	throw new Refusal("token-not-found", { id: id.slice(0, 64) });
}

/** Whom an issuer names is no user of the store, though it may have the same name. */
function maySee({ isAdmin, name, via }: Principal, { user }: Token): boolean {
	return isAdmin || (via !== "oidc" && name === user);
}

function factsIn(document: Document, principal: Principal): TokenFacts {
	const user = textIn(document, "user") ?? principal.name;
	if (!principal.isAdmin && (principal.via === "oidc" || user !== principal.name)) {
		throw new Refusal("unauthorized", { cause: "denied" });
	}
	const rights = textsIn(document, "rights") ?? ["read"];
	const unknown = rights.find((right) => !RIGHTS.includes(right));
	if (unknown !== undefined) throw invalid("rights", "it takes read and write");
	const scope = {
		mayRead: rights.includes("read"),
		mayWrite: rights.includes("write"),
		prefixes: textsIn(document, "streams"),
		consumerGroups: textsIn(document, "consumerGroups"),
	};
	return { name: textIn(document, "name") ?? "", user, scope, expires: expiryIn(document) };
}

/** `never`, or a time as RFC 3339 writes it. */
function expiryIn(document: Document): number | undefined {
	const text = textIn(document, "expires");
	if (text === undefined) return Date.now() + USUAL_DAYS * DAY_MS;
	if (text === "never") return undefined;
	const time = parseTime(text);
	if (time === undefined) throw invalid("expires", "it takes a time such as 2030-01-01T00:00:00Z");
	return time;
}

function invalid(field: string, reason: string): Refusal {
	return new Refusal("invalid-token", { field, reason });
}

function shown(
	{ context }: Exchange,
	token: Token,
): { readonly [member: string]: Structure | undefined } {
	const { id, name, user, scope, expires, made } = token;
	const { mayRead, mayWrite, prefixes, consumerGroups } = scope;
	const used = context.accounts.tokens.lastUsed(id);
	return {
		id,
		name,
		user,
		rights: [...(mayRead ? ["read"] : []), ...(mayWrite ? ["write"] : [])],
		streams: prefixes,
		consumerGroups,
		made: timeOf(made),
		expires: expires === undefined ? "never" : timeOf(expires),
		lastUsed: used === undefined ? undefined : timeOf(used),
	};
}

function timeOf(ms: number): string {
	return new Date(ms).toISOString();
}
