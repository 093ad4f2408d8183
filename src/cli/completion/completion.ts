/** `varve completion`: a script by which a shell completes verbs, options and their values. */

import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer } from "../output/standard.ts";
import { EXIT, type Verb } from "../verb.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { type Completed, completedOf } from "./table.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS: ReadonlyMap<string, (verbs: readonly Completed[]) => string> = new Map([
	["bash", bashScript],
	["zsh", zshScript],
	["fish", fishScript],
]);

/** @param verbs all verbs, of which this one is one */
export function completionVerb(verbs: () => readonly Verb[]): Verb {
	return {
		name: "completion",
		summary: "Print the completions of a shell",
		operands: ["bash|zsh|fish"],
		purpose: `Prints a script by which bash, zsh or fish completes the verbs of varve, their
			options, and the values of options that are words or files. The script is made from the same
			table as the help.`,
		options: [],
		examples: [
			"echo 'eval \"$(varve completion bash)\"' >> ~/.bashrc",
			"varve completion zsh > ~/.zfunc/_varve   # a folder of $fpath",
			"varve completion fish > ~/.config/fish/completions/varve.fish",
		],
		run: async (call) => print(call, verbs()),
	};
}

function print({ operands: [shell] }: Arguments, verbs: readonly Verb[]): number {
	const script = SCRIPTS.get(shell ?? "");
	const names = [...SCRIPTS.keys()].join(", ");
	if (script === undefined) {
		const what = shell === undefined ? "the shell is missing" : `there is none for ${shell}`;
		throw new Failure(`${what}; name one of ${names}`, EXIT.usage);
	}
	answer(script(verbs.map(completedOf)));
	return EXIT.done;
}
