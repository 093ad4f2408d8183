/** Where a group or a subscription is to go on. */
import type { Option, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { EXIT, optionalText } from "../verb.ts";

export const START_OPTION: Option = {
	name: "from",
	flag: "from",
	kind: "text",
	default: undefined,
	placeholder: "NUMBER",
	perCall: true,
	help: "With reset: the number of the first event that comes; or beginning, or end.",
};

/** @returns the number; -1 for the end @throws Failure */
export function startIn(values: Values): number {
	const text = optionalText(values, "from");
	if (text === "beginning") return 0;
	if (text === "end") return -1;
	if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
	throw new Failure("reset takes --from with a number, or beginning, or end", EXIT.usage);
}

export function shownStart(from: number): string {
	return from === -1 ? "at the end of its stream" : `at number ${from}`;
}
