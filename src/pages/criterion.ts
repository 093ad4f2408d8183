/** Filters that are left at the server: of a subscription, a webhook, a group, a position. */
import type { Refusal } from "../errors.ts";
import { type Criterion, createFilter } from "./filter.ts";
import { tryPattern } from "./pattern.ts";

const DATA_MAX = 4096;

/**
 * Reads a filter as a body has it. Its expression is not looked at: see `tryCriterion`.
 * @param invalid makes the refusal of a body; what it gets is a part of a sentence
 * @returns undefined for none
 */
export function parseCriterion(
	filter: unknown,
	invalid: (fault: string) => Refusal,
): Criterion | undefined {
	if (filter === undefined || filter === null) return undefined;
	const { context, type, data } = filter as Partial<Record<string, unknown>>;
	if (context !== "streamid" && context !== "eventtype") {
		throw invalid("its context must be streamid or eventtype");
	}
	if (type !== "prefix" && type !== "regex") {
		throw invalid("its type must be prefix or regex");
	}
	if (typeof data !== "string" || data === "" || data.length > DATA_MAX) {
		throw invalid(`its data must be text of 1 to ${DATA_MAX} characters`);
	}
	return { context, type, data };
}

/**
 * For a filter that is new. One that the log has is not tried again: it would be gone for its
 * readers if the machine is busy.
 * @throws Refusal `invalid-filter` for an expression that cannot be run, or takes too long
 */
export function tryCriterion(criterion: Criterion | undefined): void {
	createFilter(criterion, false);
	if (criterion?.type === "regex") tryPattern(criterion.data);
}
