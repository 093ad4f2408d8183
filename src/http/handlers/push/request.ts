/** The requests of webhooks share these: their documents, their conditions, their numbers. */
import { mediaType } from "../../../../feeds/media.ts";
import { Refusal } from "../../../errors.ts";
import { type ShownWebhooks, webhooksFor } from "../../../push/shown.ts";
import type { JsonObject } from "../../../subscriptions/json.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { readDocument } from "../../request/bodies/document.ts";
import { documentKind } from "../../request/bodies/kind.ts";
import { negotiateType } from "../../request/negotiation.ts";

/** A webhook as its URL names it, percent-decoded, nothing checked. */
export type WebhookTarget = { readonly id: string; readonly query: string };

const JSON_TYPES = [mediaType("application/json", "json")];
const NO_STORE = ["Cache-Control", "no-store"];

export function shownTo({ context, principal }: Exchange): ShownWebhooks {
	return webhooksFor(context.pushes, context.access, principal);
}

/** @throws Refusal `not-acceptable`, before the handler changes anything */
export function refuseOtherTypes({ req }: Exchange, query: string): void {
	negotiateType(req, query, JSON_TYPES);
}

/** @param headers names and values in turn */
export function answerJson(value: unknown, status = 200, headers: readonly string[] = []): Answer {
	return textAnswer(status, "application/json", JSON.stringify(value), [...NO_STORE, ...headers]);
}

/** @throws Refusal `unsupported-media-type`, `malformed-body` and others of a body */
export async function readJson({ req, context }: Exchange): Promise<JsonObject> {
	if (documentKind(req) !== "json") {
		const contentType = req.headers["content-type"] ?? "";
		const available = ["application/json"];
		throw new Refusal("unsupported-media-type", { contentType, available });
	}
	return Object.fromEntries(await readDocument(req, context.settings.bodyBytesMax));
}

/** Undefined if the request has no body at all. */
export async function readJsonIfAny(exchange: Exchange): Promise<JsonObject | undefined> {
	const { "content-length": length, "transfer-encoding": transfer } = exchange.req.headers;
	if ((length === undefined || length === "0") && transfer === undefined) return undefined;
	return readJson(exchange);
}

const COUNT_USUAL = 100;
const COUNT_MAX = 1000;

/** A part of a list: `?offset=&count=`. @throws Refusal `malformed-query` */
export function partIn(query: string): { readonly offset: number; readonly count: number } {
	return { offset: numberIn(query, "offset") ?? 0, count: countIn(query) };
}

/** @throws Refusal `malformed-query` */
export function countIn(query: string): number {
	return Math.min(numberIn(query, "count") ?? COUNT_USUAL, COUNT_MAX);
}

/**
 * A whole number of the query; undefined if it is not there.
 * @throws Refusal `malformed-query`
 */
export function numberIn(query: string, parameter: string): number | undefined {
	const value = new URLSearchParams(query).get(parameter);
	if (value === null) return undefined;
	if (/^\d{1,15}$/.test(value)) return Number(value);
	const reason = "It takes a whole number from 0.";
	throw new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
