/** What the answers about readers share: JSON, which no cache keeps. */
import { mediaType } from "../../../../feeds/media.ts";
import { neededFor } from "../../../access/rights.ts";
import { Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { negotiateType } from "../../request/negotiation.ts";

/** Names and values in turn. */
type Headers = readonly string[];
type Write = (value: unknown, status?: number, headers?: Headers) => Answer;
type Part = { readonly offset: number; readonly count: number };

const JSON_TYPE = mediaType("application/json", "json");
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];
const PART_USUAL = 100;
const PART_MAX = 1000;

/** @throws Refusal `not-acceptable`, before the handler changes anything */
export function jsonAnswer({ req }: Exchange, query: string): Write {
	const { contentType } = negotiateType(req, query, [JSON_TYPE]);
	return (value, status = 200, headers = []) =>
		textAnswer(status, contentType, JSON.stringify(value), [...NO_STORE, ...headers]);
}

export function noContent(): Answer {
	return { status: 204, headers: ["Cache-Control", "no-store"] };
}

type Standings<T> = { readonly total: number; readonly standings: readonly T[] };
type List<T> = (may: (stream: StreamName) => Promise<boolean>, part: Part) => Promise<Standings<T>>;

/**
 * A part of a list, of what stands in streams that the client may read.
 * @param shown the member of the answer that holds the list
 * @throws Refusal `not-acceptable`, `malformed-query`
 */
export async function answerList<T>(
	exchange: Exchange,
	query: string,
	list: List<T>,
	shown: (standings: readonly T[]) => object,
): Promise<Answer> {
	const { context, principal } = exchange;
	const write = jsonAnswer(exchange, query);
	const part = partIn(query);
	const may = async (stream: StreamName) =>
		context.access.may(principal, neededFor({ right: "consume" }, { stream }));
	const { total, standings } = await list(may, part);
	return write({ ...part, total, ...shown(standings) });
}

/** @throws Refusal `unauthorized` for whoever may not be a reader of the stream that has a name */
export async function permitReader(
	{ context, principal }: Exchange,
	stream: StreamName,
): Promise<void> {
	await context.access.permit(principal, neededFor({ right: "consume" }, { stream }));
}

/** `?offset=&count=` of a list. @throws Refusal `malformed-query` */
function partIn(query: string): Part {
	const parameters = new URLSearchParams(query);
	const offset = wholeIn(parameters, "offset", 0, 0, Number.MAX_SAFE_INTEGER);
	return { offset, count: wholeIn(parameters, "count", PART_USUAL, 1, PART_MAX) };
}

/** @throws Refusal `malformed-query` */
export function wholeIn(
	parameters: URLSearchParams,
	parameter: string,
	usual: number,
	min: number,
	max: number,
): number {
	const text = parameters.get(parameter);
	if (text === null) return usual;
	const value = /^\d{1,16}$/.test(text) ? Number(text) : -1;
	if (value >= min && value <= max) return value;
	const reason = `it takes a whole number from ${min} to ${max}.`;
	throw new Refusal("malformed-query", { parameter, value: text.slice(0, 64), reason });
}
