/** A request for a list of streams, read from the query of its URL. */
import { Refusal } from "../errors.ts";
import { isSealed, openName } from "./sealed.ts";

export type ListOrder = "name" | "changed" | "created" | "largest" | "bytes";

export type ListQuery = {
	readonly order: ListOrder;
	/** What the names begin with; "" for all but system streams. Capitals count. */
	readonly prefix: string;
	/** A part of the names; "" for any. */
	readonly contains: string;
	readonly category: string | undefined;
	/** The type of the first event. */
	readonly type: string | undefined;
	/** The `next` of the page before: a name, a version or a position, as `order` has it. */
	readonly after: string | undefined;
	readonly limit: number;
};

export const LIST_LIMIT_MAX = 500;
const LIST_LIMIT = 25;
const ORDERS: readonly ListOrder[] = ["name", "changed", "created", "largest", "bytes"];
/** A name has at most so many bytes, and a part of one no more. */
const TEXT_LENGTH_MAX = 1024;
const NUMBER = /^\d{1,15}$/;

/** @throws Refusal `malformed-query` */
export function parseListQuery(query: URLSearchParams): ListQuery {
	const order = orderOf(query.get("order") ?? "name");
	return {
		order,
		prefix: textOf(query, "prefix") ?? "",
		contains: textOf(query, "contains") ?? "",
		category: textOf(query, "category"),
		type: textOf(query, "type"),
		after: placeOf(query, order),
		limit: limitOf(query.get("limit") ?? String(LIST_LIMIT)),
	};
}

/** The same list as a query; what it does not limit is left out. */
export function formatListQuery(query: ListQuery): URLSearchParams {
	const written = new URLSearchParams();
	const { prefix, contains, category, type, order, after, limit } = query;
	const named = { prefix, contains, category, type, after };
	for (const [name, value] of Object.entries(named)) if (value) written.set(name, value);
	if (order !== "name") written.set("order", order);
	if (limit !== LIST_LIMIT) written.set("limit", String(limit));
	return written;
}

function orderOf(text: string): ListOrder {
	const order = ORDERS.find((one) => one === text);
	if (order) return order;
	throw malformed("order", text, `it takes ${ORDERS.join(", ")}.`);
}

/** An empty one limits nothing, as a form sends it. */
function textOf(query: URLSearchParams, name: string): string | undefined {
	const text = query.get(name) ?? "";
	if (text === "") return undefined;
	if (text.length <= TEXT_LENGTH_MAX && text.isWellFormed()) return text;
	const reason = `it takes up to ${TEXT_LENGTH_MAX} characters of the name of a stream.`;
	throw malformed(name, text, reason);
}

function placeOf(query: URLSearchParams, order: ListOrder): string | undefined {
	const given = query.get("after") ?? "";
	if (order === "name" && isSealed(given)) {
		const name = openName(given);
		if (name !== undefined) return name;
		throw malformed("after", given, "the server gave it before it started anew; begin again.");
	}
	const text = textOf(query, "after");
	if (text === undefined || order === "name" || NUMBER.test(text)) return text;
	throw malformed("after", text, `with order=${order} it takes the number that "next" names.`);
}

function limitOf(text: string): number {
	const limit = NUMBER.test(text) ? Number(text) : 0;
	if (limit >= 1 && limit <= LIST_LIMIT_MAX) return limit;
	throw malformed("limit", text, `it takes a whole number from 1 to ${LIST_LIMIT_MAX}.`);
}

function malformed(parameter: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
