/** A search as the query of its URL says it. */
import { parseTime } from "../../feeds/time.ts";
import { Refusal } from "../errors.ts";
import { parseUuid } from "../event.ts";
import { COMPARISONS, type Comparison, operandOf, type ValueCondition } from "./condition.ts";
import { isFault, PATH_EXAMPLE, parsePath } from "./path.ts";
import { parseStreamPattern, type StreamPattern } from "./streams.ts";

export type SearchQuery = Conditions & {
	/** Only entries below this number of the stream that is searched; undefined from the newest. */
	readonly before: number | undefined;
	/** How many to find at most; undefined for as many as the server allows. */
	readonly limit: number | undefined;
};

/** What is asked of an event; undefined asks nothing. */
export type Conditions = {
	readonly id: string | undefined;
	readonly stream: StreamPattern | undefined;
	readonly type: string | undefined;
	readonly value: ValueCondition | undefined;
	/** Milliseconds since 1970: from the first on, and before the second. */
	readonly from: number | undefined;
	readonly until: number | undefined;
};

export const SEARCH_PARAMETERS = [
	...["id", "stream", "type", "path", "is", "value", "from", "until", "before", "limit"],
] as const;

/** The limit of a type and of a name; a value of that length is found by its beginning. */
const TEXT_LENGTH_MAX = 1024;
const NUMBER = /^\d{1,15}$/;

/**
 * Refuses what it does not know: a condition that is misspelt would find all events.
 * @throws Refusal `malformed-query`
 */
export function parseSearchQuery(query: URLSearchParams): SearchQuery {
	for (const name of query.keys()) refuseUnknown(query, name);
	return {
		id: idOf(query),
		stream: streamOf(query),
		type: textOf(query, "type"),
		value: conditionOf(query),
		from: timeOf(query, "from"),
		until: timeOf(query, "until"),
		before: numberOf(query, "before", 0),
		limit: numberOf(query, "limit", 1),
	};
}

/** The same search as a query; what it does not limit is left out. */
export function formatSearchQuery(query: SearchQuery): URLSearchParams {
	const { id, stream, type, value, from, until, before, limit } = query;
	const sent = value?.operand.sent;
	const all = {
		...{ id, stream: stream?.text, type, path: value?.text, is: value?.is },
		...{ value: sent === "" ? undefined : sent, from: formatTime(from), until: formatTime(until) },
		...{ before, limit },
	};
	const written = new URLSearchParams();
	for (const [name, one] of Object.entries(all)) {
		if (one !== undefined) written.set(name, String(one));
	}
	return written;
}

function formatTime(time: number | undefined): string | undefined {
	return time === undefined ? undefined : new Date(time).toISOString();
}

function refuseUnknown(query: URLSearchParams, name: string): void {
	const isOurs = name === "format" || name === "i";
	const isKnown = isOurs || SEARCH_PARAMETERS.some((known) => known === name);
	const value = query.get(name) ?? "";
	if (!isKnown) throw malformed(name, value, `a search has ${SEARCH_PARAMETERS.join(", ")}.`);
	if (query.getAll(name).length > 1) throw malformed(name, value, "it is there twice.");
}

/** An empty one limits nothing, as a form sends it. */
function textOf(query: URLSearchParams, name: string): string | undefined {
	const text = query.get(name) ?? "";
	if (text === "") return undefined;
	if (text.length <= TEXT_LENGTH_MAX && text.isWellFormed()) return text;
	throw malformed(name, text, `it takes up to ${TEXT_LENGTH_MAX} characters of Unicode.`);
}

function idOf(query: URLSearchParams): string | undefined {
	const text = textOf(query, "id");
	const id = text === undefined ? undefined : parseUuid(text.trim());
	if (text === undefined || id !== undefined) return id;
	throw malformed("id", text, "it takes a UUID such as 0d9b7f3e-7a3c-4f0e-8f52-3a6c1f5a2b11.");
}

function streamOf(query: URLSearchParams): StreamPattern | undefined {
	const text = textOf(query, "stream");
	if (text === undefined) return undefined;
	const pattern = parseStreamPattern(text);
	if (typeof pattern === "string") throw malformed("stream", text, pattern);
	return pattern;
}

function conditionOf(query: URLSearchParams): ValueCondition | undefined {
	const text = textOf(query, "path");
	const sent = textOf(query, "value");
	if (text === undefined) {
		if (sent === undefined) return undefined;
		throw malformed("path", "", `it says where the value is, as in ${PATH_EXAMPLE}.`);
	}
	const path = parsePath(text);
	if (isFault(path)) {
		const place = `character ${path.at + 1}: ${path.reason}`;
		throw malformed("path", text, `${place}. Write ${PATH_EXAMPLE}.`);
	}
	const is = comparisonOf(query.get("is") || (sent === undefined ? "there" : "eq"));
	if (sent === undefined && is !== "there") {
		throw malformed("value", "", "it is missing. For any value at the path, send is=there.");
	}
	return { text, path, is, operand: operandOf(sent ?? "") };
}

function comparisonOf(text: string): Comparison {
	const is = COMPARISONS.find((one) => one === text);
	if (is) return is;
	throw malformed("is", text, `it takes ${COMPARISONS.join(", ")}.`);
}

function timeOf(query: URLSearchParams, name: string): number | undefined {
	const text = textOf(query, name);
	const time = text === undefined ? undefined : parseTime(text);
	if (text === undefined || time !== undefined) return time;
	throw malformed(name, text, "it takes a time such as 2026-03-01T14:00:00Z (RFC 3339).");
}

function numberOf(query: URLSearchParams, name: string, min: number): number | undefined {
	const text = textOf(query, name);
	if (text === undefined) return undefined;
	if (NUMBER.test(text) && Number(text) >= min) return Number(text);
	throw malformed(name, text, `it takes a whole number from ${min}.`);
}

function malformed(parameter: string, value: string, reason: string): Refusal {
	const shown = { parameter: parameter.slice(0, 64), value: value.slice(0, 64) };
	return new Refusal("malformed-query", { ...shown, reason });
}
