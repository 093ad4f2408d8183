/** `varve incarnation`: prints the number of a directory's history, or gives it a new one. */
import { resolve } from "node:path";
import { DATA_OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { answer, report } from "../output/standard.ts";
import { EXIT, optionalNumber, optionalText, text, type Verb } from "../verb.ts";

export const incarnation: Verb = {
	name: "incarnation",
	summary: "Print the number of a history, or give it a new one",
	operands: [],
	purpose: `Prints the number of the history in a data directory. With --raise, it first gives the
		history a number that no earlier history there has had. Do this before the server starts, if you
		have restored a backup by other means than varve restore, or if events were lost in any other
		way. Caches keep pages for ever; with a new number, every link carries it, so no cache takes a
		page of the old history for one of the new. The server must not be running. With --store it is
		the history in a database; nodes that run on it stop serving until they are started again.`,
	options: [
		...DATA_OPTIONS,
		{
			name: "raise",
			flag: "raise",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Give the history a new number. Without --raise, nothing changes.",
		},
		{
			name: "to",
			flag: "to",
			kind: "whole-number",
			default: undefined,
			min: 2,
			max: 1_000_000_000_000,
			perCall: true,
			help: "Use at least this number. A directory on a new machine does not know the earlier ones.",
		},
	],
	examples: ["varve incarnation --data ./data", "varve incarnation --raise --data ./data"],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const directory = resolve(text(values, "data"));
	const least = optionalNumber(values, "to");
	const store = optionalText(values, "store");
	const number = await (store === undefined
		? ofDirectory(directory, values.raise === true, least)
		: ofStore(store, directory, values.raise === true, least));
	if (values.raise) report(`${number}\n`);
	else answer(`${number}\n`);
	return EXIT.done;
}

async function ofDirectory(
	directory: string,
	raises: boolean,
	least: number | undefined,
): Promise<number> {
	const { raiseIncarnation, readIncarnation } = await import("../../log/open.ts");
	return raises ? raiseIncarnation(directory, least) : readIncarnation(directory);
}

async function ofStore(
	store: string,
	directory: string,
	raises: boolean,
	least: number | undefined,
): Promise<number> {
	const { raiseStoreIncarnation, readStoreIncarnation } = await (
		await import("../../log/open.ts")
	).storeTools();
	return raises ? raiseStoreIncarnation(store, directory, least) : readStoreIncarnation(store);
}
