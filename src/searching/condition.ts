/** What a search asks of the values at a path. */
import { compareDecimals } from "./decimal.ts";
import type { Path } from "./path.ts";
import type { Value } from "./values.ts";

export type Comparison = (typeof COMPARISONS)[number];
export const COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge", "contains", "there"] as const;

export type ValueCondition = {
	/** As it was sent. */
	readonly text: string;
	readonly path: Path;
	readonly is: Comparison;
	readonly operand: Operand;
};

/** What values are compared with. */
export type Operand = {
	/** As it was sent. */
	readonly sent: string;
	/** Of a string in quotes, what it means. */
	readonly text: string;
	readonly kind: "quoted" | "number" | "text";
};

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A text in double quotes is a string and nothing else. */
export function operandOf(sent: string): Operand {
	if (NUMBER.test(sent)) return { sent, text: sent, kind: "number" };
	const text = sent.startsWith('"') ? unquoted(sent) : undefined;
	return text === undefined ? { sent, text: sent, kind: "text" } : { sent, text, kind: "quoted" };
}

function unquoted(sent: string): string | undefined {
	try {
		return JSON.parse(sent) as string;
	} catch {
		return undefined;
	}
}

export function fits({ is, operand }: ValueCondition, value: Value): boolean {
	if (is === "there") return true;
	if (value.kind === "object" || value.kind === "array") return false;
	switch (is) {
		case "eq":
			return isSame(operand, value);
		case "ne":
			return !isSame(operand, value);
		case "contains":
			return value.kind === "string" && value.text.includes(operand.text);
		default:
			return fitsOrder(is, orderOf(operand, value));
	}
}

/** Without quotes, `60` is the number and the string, and `true` the word and the string. */
function isSame(operand: Operand, value: Value): boolean {
	if (value.kind === "string") return value.text === operand.text;
	if (value.kind === "number" && operand.kind === "number") {
		return compareDecimals(value.text, operand.text) === 0;
	}
	return operand.kind === "text" && value.text === operand.text;
}

function fitsOrder(is: "lt" | "le" | "gt" | "ge", order: number | undefined): boolean {
	if (order === undefined) return false;
	if (order === 0) return is === "le" || is === "ge";
	return order < 0 ? is === "lt" || is === "le" : is === "gt" || is === "ge";
}

/** Numbers stand in an order, and texts (times, too); there is none between the two. */
function orderOf(operand: Operand, value: Value): number | undefined {
	if (operand.kind === "number") {
		return value.kind === "number" ? compareDecimals(value.text, operand.text) : undefined;
	}
	if (value.kind !== "string") return undefined;
	if (value.text === operand.text) return 0;
	return value.text < operand.text ? -1 : 1;
}
