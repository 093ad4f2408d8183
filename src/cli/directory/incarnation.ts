/** `varve incarnation`: which history a data directory holds, and the way to say it is another. */
import { resolve } from "node:path";
import { OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { EXIT, optionalNumber, text, type Verb } from "../verb.ts";

export const incarnation: Verb = {
	name: "incarnation",
	summary: "Mark a restored history as a new one",
	operands: [],
	purpose: `Prints the number of the history in a data directory; with --raise, after giving it one
		that no earlier history there has had. That is to be done after a backup was restored, or
		events were lost in any other way, before the server starts: caches keep pages for ever, and
		from then on every link carries the number, so no page of the old history is taken for one of
		the new. The server must not be running.`,
	options: [
		...OPTIONS.filter((option) => option.name === "data"),
		{
			name: "raise",
			flag: "raise",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Give it the next number; without this nothing is changed.",
		},
		{
			name: "to",
			flag: "to",
			kind: "whole-number",
			default: undefined,
			min: 2,
			max: 1_000_000_000_000,
			perCall: true,
			help: "At least this number: for a directory on a new machine, which knows no earlier ones.",
		},
	],
	examples: ["varve incarnation --data ./data", "varve incarnation --raise --data ./data"],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const directory = resolve(text(values, "data"));
	const { raiseIncarnation, readIncarnation } = await import("../../log/open.ts");
	const number = values.raise
		? raiseIncarnation(directory, optionalNumber(values, "to"))
		: readIncarnation(directory);
	process.stdout.write(`${number}\n`);
	return EXIT.done;
}
