/**
 * GET /authorize: whether the client may make another request, for a cache that asks before it
 * answers from what it keeps.
 *
 *     /authorize?method=GET&uri=/streams/order-42/0/forward/20?embed=body
 *     204   it may; the cache may answer with what it keeps under the word in Varve-Rights
 *     401   the client is unknown, or its credentials are wrong
 *     403   it may not, or this is no request that a cache can answer for several clients
 *
 * `uri` is the last parameter, and takes the rest: proxies cannot encode it. A client that can may,
 * as it then begins with `%2F`.
 */
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";

const QUERY = /^method=([A-Z]{1,16})&uri=(\/|%2[Ff])(.*)$/s;
const NO_STORE = ["Cache-Control", "no-store"];

export function answerAuthorize(
	{ context, principal }: Exchange,
	{ query }: { readonly query: string },
): Answer | Promise<Answer> {
	const { access, neededBy } = context;
	const [method, uri] = parseQuery(query);
	if (isStepped(uri)) return forbidden();
	const needed = neededBy(method, uri);
	if (needed?.stream === undefined) return forbidden();
	const stream = needed.stream as StreamName;
	const answer = (may: boolean) => {
		return may ? permitted(access.wordOf(principal, stream)) : forbidden();
	};
	const may = access.may(principal, needed);
	return may instanceof Promise ? may.then(answer) : answer(may);
}

/**
 * Whether some program on the way may take the path for another one: by its steps, by slashes that
 * are written in another way, or by empty segments. The server itself takes it as it is written.
 */
function isStepped(uri: string): boolean {
	const path = uri.split("?", 1)[0] ?? "";
	const slashed = path.replace(/%2f|%5c|\\/gi, "/").replace(/%2e/gi, ".");
	return /\/\.{1,2}(?:\/|;|$)/.test(slashed) || path.includes("//");
}

function permitted(word: string): Answer {
	return { status: 204, headers: [...NO_STORE, "Varve-Rights", word] };
}

/** No problem document: the cache passes the request on, and its client gets the answer to it. */
function forbidden(): Answer {
	return { status: 403, headers: [...NO_STORE, "Content-Length", "0"] };
}

/** @throws Refusal `malformed-query` */
function parseQuery(query: string): [method: string, uri: string] {
	const [, method, start = "", rest = ""] = QUERY.exec(query) ?? [];
	if (method === undefined) throw malformed(query);
	if (start === "/") return [method, `/${rest}`];
	try {
		return [method, decodeURIComponent(`${start}${rest}`)];
	} catch {
		throw malformed(query);
	}
}

function malformed(query: string): Refusal {
	return new Refusal("malformed-query", {
		parameter: "uri",
		value: query.slice(0, 64),
		reason: "it takes method=GET&uri= and the path and query of the request, in this order.",
	});
}
