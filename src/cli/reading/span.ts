/** `--since` and `--until`: the options of the verbs that read a span of time. */
import { parseTime } from "../../../feeds/time.ts";
import type { Option, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { EXIT, optionalText } from "../verb.ts";

const TIME = {
	kind: "text",
	default: undefined,
	pattern: {
		test: { test: (text: string) => parseTime(text) !== undefined },
		reason: "it must be a time with its offset (RFC 3339), such as 2026-03-01T14:00:00Z",
	},
	placeholder: "TIME",
	perCall: true,
} as const;

export const SPAN: readonly Option[] = [
	{
		...TIME,
		name: "since",
		flag: "since",
		help: "Only events created at or after this time, such as 2026-03-01T14:00:00Z.",
	},
	{ ...TIME, name: "until", flag: "until", help: "Only events created before this time." },
];

export type Span = { readonly since?: string; readonly until?: string };

/**
 * The options `since` and `until` of a reader.
 * @throws Failure if the span ends before it begins
 */
export function spanOf(values: Values): Span {
	const since = optionalText(values, "since");
	const until = optionalText(values, "until");
	if (since !== undefined && until !== undefined && momentOf(until) < momentOf(since))
		throw new Failure(
			`--until ${until} is before --since ${since}: the span would end before it begins`,
			EXIT.usage,
		);
	return {
		...(since === undefined ? {} : { since }),
		...(until === undefined ? {} : { until }),
	};
}

/** The pattern of the option has checked the text. */
function momentOf(text: string): number {
	return parseTime(text) as number;
}
