/** The filter of a filtered feed, as its URL says it (contract 4.3). */
import { Refusal } from "../../../errors.ts";
import { type Criterion, createFilter, type Filter, prefixesOf } from "../../../pages/filter.ts";

export type FilterQuery = {
	readonly filter: Filter;
	/** The filter as links carry it: one notation, however it was asked for. */
	readonly query: string;
};

/**
 * Reads the filter of a URL; its two halves both count if both are there.
 * @throws Refusal `invalid-filter`, in the contract's very words
 */
export function parseFilter(parameters: URLSearchParams): FilterQuery {
	const exclude = parameters.get("exclude-system-events");
	if (exclude !== null && exclude !== "true") {
		throw invalid("exclude-sytem-events should have a value of true.");
	}
	const hasCriterion = exclude === null || parameters.has("context");
	const criterion = hasCriterion ? parseCriterion(parameters) : undefined;
	const parts = Object.entries(criterion ?? {}).map(
		([name, value]) => `${name}=${encodeURIComponent(value)}`,
	);
	if (exclude !== null) parts.push("exclude-system-events=true");
	return { filter: createFilter(criterion, exclude !== null), query: parts.join("&") };
}

function parseCriterion(parameters: URLSearchParams): Criterion {
	const context = parameters.get("context");
	if (context !== "streamid" && context !== "eventtype") {
		throw invalid("Invalid context please provide one of the following: StreamId, EventType.");
	}
	const type = parameters.get("type");
	if (type !== "prefix" && type !== "regex") {
		throw invalid("Invalid type please provide one of the following: Regex, Prefix.");
	}
	const data = parameters.get("data") ?? "";
	if (prefixesOf(data).length === 0) {
		throw invalid("Please provide a comma delimited list of data with at least one item.");
	}
	return { context, type, data: type === "prefix" ? prefixesOf(data).join(",") : data };
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-filter", { reason });
}
