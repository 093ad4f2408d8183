/**
 * Help texts, composed from the descriptions of the verbs, so that nothing about an option is
 * written twice.
 */
import { environmentName, type Option, sizeText } from "../options.ts";
import type { Verb } from "./verb.ts";

const WIDTH = 96;

/** The list of verbs: what `varve --help` prints. */
export function overview(verbs: readonly Verb[]): string {
	const rows = verbs.map((verb) => [verb.name, verb.summary] as const);
	return [
		"Usage: varve VERB [OPTIONS]",
		"",
		"An event store: append events to streams over HTTP, read them back as feeds, for ever.",
		"",
		...table([
			...rows,
			["help VERB", "Explain a verb (-h, --help)"],
			["version", "Print the version (-v, --version)"],
		]),
		"",
		"Start with `varve serve`: it prints a command that appends an event, and one that reads it.",
		"An option without a value in its description means yes; --checkpoints no and --checkpoints=no",
		"mean no. Everything after -- is an operand, even if it looks like an option.",
		"An option with a VARVE_ name in brackets is an environment variable too: --port is VARVE_PORT.",
		"",
	].join("\n");
}

/** The description of one verb: what `varve VERB --help` prints. */
export function explainVerb(verb: Verb): string {
	const usage = "Usage: ";
	const synopsis = ["varve", verb.name, ...verb.operands, "[OPTIONS]"].join(" ");
	const lines = wrap(synopsis, WIDTH - usage.length);
	return [
		...lines.map((line, at) => (at === 0 ? usage : " ".repeat(usage.length)) + line),
		"",
		...wrap(verb.purpose, WIDTH),
		"",
		"Options:",
		...table(verb.options.map((option) => [signature(option), describe(option)])),
		"",
		"Examples:",
		...verb.examples.map((example) => `  ${example}`),
		"",
	].join("\n");
}

/** An option as it is typed: `--port N`. */
export function signature(option: Option): string {
	if (option.isOffCommandLine) return environmentName(option);
	const placeholder = option.placeholder ?? PLACEHOLDERS[option.kind];
	return placeholder === "" ? `--${option.flag}` : `--${option.flag} ${placeholder}`;
}

const PLACEHOLDERS = {
	text: "TEXT",
	"whole-number": "N",
	bytes: "BYTES",
	"yes-no": "",
	url: "URL",
} as const;

function describe(option: Option): string {
	const notes = [
		...(option.default === undefined ? [] : [`default ${defaultText(option)}`]),
		...(option.perCall || option.isOffCommandLine ? [] : [environmentName(option)]),
	];
	return notes.length === 0 ? option.help : `${option.help} [${notes.join(", ")}]`;
}

function defaultText(option: Option): string {
	if (option.kind === "bytes") return sizeText(Number(option.default));
	if (option.kind === "yes-no") return option.default ? "yes" : "no";
	return String(option.default);
}

function table(rows: readonly (readonly [string, string])[]): string[] {
	const left = Math.max(...rows.map(([name]) => name.length)) + 4;
	return rows.flatMap(([name, what]) =>
		wrap(what, WIDTH - left).map((line, index) =>
			index === 0 ? `  ${name}`.padEnd(left) + line : " ".repeat(left) + line,
		),
	);
}

function wrap(paragraph: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of paragraph.split(/\s+/)) {
		if (line !== "" && line.length + 1 + word.length > width) {
			lines.push(line);
			line = "";
		}
		line += line === "" ? word : ` ${word}`;
	}
	return line === "" ? lines : [...lines, line];
}
