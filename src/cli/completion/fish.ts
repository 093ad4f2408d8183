/** Completions for fish: one command for each verb and option. */
import type { Choice, Completed } from "./table.ts";

export function fishScript(verbs: readonly Completed[]): string {
	return `# fish completion for varve, printed by: varve completion fish
function __varve_verb
	set -l words (commandline -opc)
	test (count $words) -gt 1; and contains -- $words[2] $argv
end
function __varve_no_verb
	test (count (commandline -opc)) -eq 1
end
complete -c varve -f
${verbs.map(({ name, summary }) => offerVerb(name, summary)).join("\n")}
${offerVerb("help", "Explain a verb")}
${offerVerb("version", "Print the version")}
complete -c varve -n '__varve_verb help' -a ${quoted(verbs.map(({ name }) => name).join(" "))}
${verbs.flatMap(linesOf).join("\n")}
`;
}

function offerVerb(name: string, summary: string): string {
	return `complete -c varve -n __varve_no_verb -a ${name} -d ${quoted(summary)}`;
}

function linesOf({ name, flags, operand }: Completed): string[] {
	const start = `complete -c varve -n '__varve_verb ${name}'`;
	const options = flags.map(({ name: flag, help, value }) => {
		const taken = value === undefined ? "" : ` ${choiceOption(value)}`;
		return `${start} -l ${flag}${taken} -d ${quoted(help)}`;
	});
	return operand.length === 0 ? options : [`${start} ${operandOf(operand)}`, ...options];
}

/** -r: a value is needed; -x: it is no file; -F: it is one. */
function choiceOption(choice: Choice): string {
	if (choice === "files") return "-r -F";
	if (choice === "directories") return "-x -a '(__fish_complete_directories)'";
	return choice.length === 0 ? "-x" : `-x -a ${quoted(choice.join(" "))}`;
}

function operandOf(choice: Choice): string {
	if (choice === "files") return "-F";
	if (choice === "directories") return "-a '(__fish_complete_directories)'";
	return `-a ${quoted(choice.join(" "))}`;
}

function quoted(text: string): string {
	return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
