/** The requests of projections share these: names, parameters, rights, and the forms of answers. */
import { type MediaType, mediaType } from "../../../../feeds/media.ts";
import { neededFor } from "../../../access/rights.ts";
import { Refusal } from "../../../errors.ts";
import type { Author, Definition } from "../../../projections/definition.ts";
import { parseProjectionName, resultStream } from "../../../projections/names.ts";
import type { Projection } from "../../../projections/projection.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { authorFor, isAuthor } from "../../request/author.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateType } from "../../request/negotiation.ts";

/** Its `id` is the name of the projection, percent-decoded, nothing checked. */
export type ProjectionTarget = { readonly id: string; readonly query: string };

const TYPES: readonly MediaType[] = [mediaType("application/json", "json")];
const JSON_TYPE = "application/json; charset=utf-8";
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];
const TRUE: ReadonlySet<string> = new Set(["yes", "true", "1"]);
/** What the contract calls the part of the server that answers. */
const LABEL = "Projections";

/** @throws Refusal `not-acceptable`, before the handler changes anything */
export function checkAccept({ req }: Exchange, query: string): void {
	negotiateType(req, query, TYPES);
}

export function baseFor({ context, req }: Exchange): string {
	return baseOf(req, context.settings.publicUrl);
}

/** A parameter of the query, whatever the case of its name; undefined if it is not there. */
export function parameter(query: string, name: string): string | undefined {
	for (const [key, value] of new URLSearchParams(query)) {
		if (key.toLowerCase() === name) return value;
	}
	return undefined;
}

/** Contract 8.1: some words are true, and everything else is false. */
export function flag(query: string, name: string, usual: boolean): boolean {
	const value = parameter(query, name);
	return value === undefined ? usual : TRUE.has(value.toLowerCase());
}

/** @throws Refusal `invalid-projection` */
export function nameOf(target: ProjectionTarget): string {
	return parseProjectionName(target.id);
}

export function answerJson(
	value: object | string,
	status = 200,
	headers: readonly string[] = [],
): Answer {
	return textAnswer(status, JSON_TYPE, JSON.stringify(value), [...NO_STORE, ...headers]);
}

/** A text that is JSON already; nothing at all for none. */
export function answerText(text: string | undefined, headers: readonly string[]): Answer {
	return textAnswer(200, JSON_TYPE, text ?? "", [...NO_STORE, ...headers]);
}

/** The contract's answer to a command. */
export function answerNamed(
	name: string,
	status = 200,
	headers: readonly string[] = [],
	more: object = {},
): Answer {
	return { ...answerJson({ name, label: LABEL, ...more }, status, headers), about: name };
}

/**
 * Whoever changes a projection that is kept runs the server; one that is only asked is everybody's
 * own (contract 8.1).
 * @throws Refusal `unauthorized`
 */
export async function permitChange(
	{ context, principal }: Exchange,
	mode: Definition["mode"],
	author?: Author,
): Promise<void> {
	const isOwn = author === undefined || isAuthor(principal, author);
	if (mode === "Transient" && isOwn) return;
	await context.access.permit(principal, neededFor({ right: "operate" }, { stream: "" }));
}

/**
 * Operators and the author see the states of a projection, and whoever may read the stream of its
 * results: states are made of events that others may not be allowed to read.
 * @throws Refusal `unauthorized`
 */
export async function permitLook(
	{ context, principal }: Exchange,
	{ definition }: Projection,
): Promise<void> {
	if (principal.scope === undefined && isAuthor(principal, definition.author)) return;
	const operates = neededFor({ right: "operate" }, { stream: "" });
	if (principal.scope === undefined && context.access.mayNow(principal, operates)) return;
	const stream = resultStream(definition.name, "");
	await context.access.permit(principal, neededFor({ right: "read" }, { stream }));
}

/** The client, as the author of a query. */
export function authorOf({ principal }: Exchange): Author {
	return authorFor(principal);
}

/** @throws Refusal `projection-not-found`, `projection-busy` of a system projection */
export function projectionOf(exchange: Exchange, target: ProjectionTarget): Promise<Projection> {
	return exchange.context.projections.get(target.id);
}

export function malformed(name: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", { parameter: name, value: value.slice(0, 64), reason });
}
