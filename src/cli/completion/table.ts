/** What a shell can complete of each verb, from the verb's own table of options. */
import type { Option } from "../../options.ts";
import type { Verb } from "../verb.ts";

export type Completed = {
	readonly name: string;
	readonly summary: string;
	readonly flags: readonly Flag[];
	/** What the operands can be, together: words, files, or names that no shell knows. */
	readonly operand: Choice;
};

export type Flag = {
	/** Without its dashes. */
	readonly name: string;
	readonly help: string;
	/** Undefined if the flag stands alone. */
	readonly value: Choice | undefined;
};

/** An empty list of words: a value that only the user knows. */
export type Choice = "files" | "directories" | readonly string[];

const HELP: Flag = { name: "help", help: "Explain the verb.", value: undefined };

export function completedOf({ name, summary, operands, options }: Verb): Completed {
	const choices = operands.map((operand) => choiceOf(operand.replace(/^\[|\]$/g, "")));
	const operand = choices.find((choice) => choice.length > 0) ?? [];
	const typed = options.filter(({ isOffCommandLine }) => !isOffCommandLine);
	return { name, summary, flags: [...typed.map(flagOf), HELP], operand };
}

function flagOf(option: Option): Flag {
	const { flag, help, kind, pattern, placeholder = "" } = option;
	const short = help.replace(/\s+/g, " ");
	if (kind === "yes-no") return { name: flag, help: short, value: undefined };
	const words = pattern?.test instanceof RegExp ? wordsIn(pattern.test) : [];
	return { name: flag, help: short, value: words.length > 0 ? words : choiceOf(placeholder) };
}

/** The words of an option whose value is one of a few: `^(stay|exit)$`. */
function wordsIn({ source }: RegExp): readonly string[] {
	return /^\^\(([\w|]+)\)\$$/.exec(source)?.[1]?.split("|") ?? [];
}

/** A placeholder says it: `FILE`, `DIR`, or words in lower case among others. */
function choiceOf(placeholder: string): Choice {
	if (/^(?:FILE|TARGET|BACKUP)$/.test(placeholder)) return "files";
	if (placeholder === "DIR") return "directories";
	return placeholder.split("|").filter((word) => /^[a-z-]{2,}$/.test(word));
}

/**
 * For bash and zsh: the branches of `case "VERB FLAG"` that offer a flag's values.
 * @param offer the command that offers them; "" if nothing can be offered
 */
export function valueCases(verbs: readonly Completed[], offer: (choice: Choice) => string): string {
	const patterns = new Map<string, string[]>();
	for (const { name, flags } of verbs) {
		for (const { name: flag, value } of flags) {
			if (value === undefined) continue;
			const offered = offer(value);
			patterns.set(offered, [...(patterns.get(offered) ?? []), quoted(`${name} --${flag}`)]);
		}
	}
	const branches = [...patterns].map(([offered, flags]) => {
		const then = offered === "" ? "" : `\t\t${offered}\n`;
		return `\t${flags.join(" | \\\n\t\t")})\n${then}\t\treturn\n\t\t;;`;
	});
	return branches.join("\n");
}

/** Text in single quotes, for bash and zsh. */
export function quoted(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
