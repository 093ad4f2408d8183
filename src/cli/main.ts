/**
 * The command line: finds the verb, reads its options, runs it, and turns its errors into one line
 * and an exit code. Verbs load the server, the database and the reader themselves, so help is
 * instant.
 */
import { readFileSync } from "node:fs";
import { nearest } from "../nearest.ts";
import { type Option, parseArguments, refuseUnknownVariables } from "../options.ts";
import { append } from "./append.ts";
import { backup } from "./directory/backup.ts";
import { incarnation } from "./directory/incarnation.ts";
import { restore } from "./directory/restore.ts";
import { redact } from "./erasure/redact.ts";
import { scavenge } from "./erasure/scavenge.ts";
import { explain, Failure, isUsage } from "./explain.ts";
import { exportVerb } from "./export.ts";
import { follow } from "./follow.ts";
import { explainVerb, overview } from "./help.ts";
import { importVerb } from "./import.ts";
import { prove } from "./proof/prove.ts";
import { read } from "./read.ts";
import { serve } from "./serve.ts";
import { EXIT, type Verb } from "./verb.ts";
import { verify } from "./verify.ts";

export const VERBS: readonly Verb[] = [
	serve,
	append,
	read,
	follow,
	importVerb,
	exportVerb,
	scavenge,
	redact,
	verify,
	prove,
	backup,
	restore,
	incarnation,
];

/**
 * Runs one command.
 * @param argv the arguments after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong command line, 130 interrupted
 */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
	const [word = "--help", ...rest] = argv;
	if (word === "version" || word === "--version") return print(`varve ${version()}\n`);
	if (word === "--help" || word === "-h") return print(overview(VERBS));
	if (word === "help" && rest[0] === undefined) return print(overview(VERBS));

	const name = word === "help" ? (rest[0] ?? "") : word;
	const verb = VERBS.find((candidate) => candidate.name === name);
	if (!verb) return refuseVerb(name);
	if (word === "help" || asksForHelp(rest)) return print(explainVerb(verb));

	try {
		refuseUnknownVariables(env, everyOption());
		return await verb.run(parseArguments(rest, env, verb.options));
	} catch (error) {
		return report(error, verb);
	}
}

/** A variable for one verb is not a mistake if another verb runs. */
function everyOption(): Option[] {
	return VERBS.flatMap((verb) => verb.options);
}

function asksForHelp(rest: readonly string[]): boolean {
	const end = rest.indexOf("--");
	const options = end < 0 ? rest : rest.slice(0, end);
	return options.includes("--help") || options.includes("-h");
}

function refuseVerb(name: string): number {
	const close = nearest(name, [...VERBS.map((verb) => verb.name), "help", "version"]);
	const hint = close === undefined ? "" : `; did you mean ${close}?`;
	process.stderr.write(`varve: unknown verb ${name}${hint}\nTry: varve --help\n`);
	return EXIT.usage;
}

function report(error: unknown, verb: Verb): number {
	process.stderr.write(`varve: ${explain(error)}\n`);
	if (error instanceof Failure) return error.exitCode;
	if (!isUsage(error)) return EXIT.failed;
	process.stderr.write(`Try: varve ${verb.name} --help\n`);
	return EXIT.usage;
}

function print(text: string): number {
	process.stdout.write(text);
	return EXIT.done;
}

function version(): string {
	const manifest = new URL("../../../package.json", import.meta.url);
	const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
	return version;
}
