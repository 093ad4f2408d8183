/**
 * The command line: finds the verb, reads its options, runs it, and turns its errors into one line
 * and an exit code. Verbs load the server, the database and the reader themselves, so help is
 * instant.
 */
import { readFileSync } from "node:fs";
import { OPTIONS } from "../config.ts";
import { nearest } from "../nearest.ts";
import { escapeInvisible } from "../observe/visible.ts";
import { type Option, parseArguments, refuseUnknownVariables, settingIn } from "../options.ts";
import { token } from "./accounts/token.ts";
import { user } from "./accounts/user.ts";
import { append } from "./append.ts";
import { completionVerb } from "./completion/completion.ts";
import { backup } from "./directory/backup.ts";
import { incarnation } from "./directory/incarnation.ts";
import { restore } from "./directory/restore.ts";
import { redact } from "./erasure/redact.ts";
import { scavenge } from "./erasure/scavenge.ts";
import { explain, Failure, isUsage, unquotedHint } from "./explain.ts";
import { exportVerb } from "./export.ts";
import { follow } from "./follow.ts";
import { explainVerb, overview, signature } from "./help.ts";
import { importVerb } from "./import.ts";
import { compare } from "./moving/compare.ts";
import { copy } from "./moving/copy.ts";
import { answer, exitCode, note } from "./output/standard.ts";
import { projection } from "./projection/projection.ts";
import { query } from "./projection/query.ts";
import { prove } from "./proof/prove.ts";
import { hub } from "./push/hub.ts";
import { webhook } from "./push/webhook.ts";
import { read } from "./read.ts";
import { trust } from "./reading/trust.ts";
import { refuseStart, serve } from "./serve.ts";
import { releaseSignals } from "./signals.ts";
import { sql } from "./sql/sql.ts";
import { deleteVerb } from "./streams/delete.ts";
import { group } from "./streams/group.ts";
import { position } from "./streams/position.ts";
import { streams } from "./streams/streams.ts";
import { subscription } from "./streams/subscription.ts";
import { open } from "./terminal/open.ts";
import { tail } from "./terminal/tail.ts";
import { EXIT, type Verb } from "./verb.ts";
import { verify } from "./verify.ts";

export const VERBS: readonly Verb[] = [
	serve,
	append,
	read,
	follow,
	tail,
	open,
	importVerb,
	exportVerb,
	compare,
	copy,
	streams,
	deleteVerb,
	scavenge,
	redact,
	subscription,
	sql,
	projection,
	query,
	group,
	position,
	webhook,
	hub,
	user,
	token,
	verify,
	prove,
	backup,
	restore,
	incarnation,
	completionVerb(() => VERBS),
];

/**
 * Runs one command.
 * @param argv the arguments after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong command line, 130 interrupted
 */
export async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
	return exitCode(await run(argv, env));
}

async function run(argv: string[], env: NodeJS.ProcessEnv): Promise<number> {
	const [word = "--help", ...rest] = argv;
	if (word === "version" || word === "--version" || word === "-v")
		return print(`varve ${version()}\n`);
	if (word === "--help" || word === "-h") return print(overview(VERBS));
	if (word === "help" && rest[0] === undefined) return print(overview(VERBS));

	const name = word === "help" ? (rest[0] ?? "") : word;
	const verb = VERBS.find((candidate) => candidate.name === name);
	if (!verb) return refuseVerb(name);
	if (word === "help" || asksForHelp(rest)) return print(explainVerb(verb));

	try {
		hidePassword(verb, rest);
		if (!verb.keepsSignals) releaseSignals();
		refuseUnknownVariables(env, everyOption());
		const call = parseArguments(rest, env, verb.options, OPTIONS);
		refuseExtra(verb, call.operands);
		await trust(call.values);
		return await verb.run(call);
	} catch (error) {
		if (verb === serve && asksForJson(rest, env)) return refuseStart(error);
		return report(error, verb);
	}
}

/** A variable for one verb is not a mistake if another verb runs. */
function everyOption(): Option[] {
	return VERBS.flatMap((verb) => verb.options);
}

/** Where programs read the operator log, they read of a wrong command line there, too. */
function asksForJson(rest: readonly string[], env: NodeJS.ProcessEnv): boolean {
	const format = given("--log-format", rest) ?? env.VARVE_LOG_FORMAT;
	if (format !== undefined) return format === "json";
	const config = given("--config", rest) ?? env.VARVE_CONFIG;
	return config !== undefined && settingIn(config, "log-format") === "json";
}

/** The value of a flag, in a command line that may be wrong elsewhere. */
function given(flag: string, rest: readonly string[]): string | undefined {
	const at = rest.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
	if (at < 0) return undefined;
	return rest[at] === flag ? (rest[at + 1] ?? "") : rest[at]?.slice(flag.length + 1);
}

/** Every user of the machine can list the arguments of programs; ours are there no longer then. */
function hidePassword({ name }: Verb, rest: readonly string[]): void {
	if (rest.some((word) => /^--(?:copy-)?user\b/.test(word))) process.title = `varve ${name}`;
}

function asksForHelp(rest: readonly string[]): boolean {
	const end = rest.indexOf("--");
	const options = end < 0 ? rest : rest.slice(0, end);
	return options.includes("--help") || options.includes("-h");
}

/**
 * A verb that ignored what it does not know would verify another directory than the one named.
 * @throws Failure
 */
function refuseExtra({ name, operands }: Verb, given: readonly string[]): void {
	const unexpected = given[operands.length];
	if (unexpected === undefined) return;
	const taken = operands.length === 0 ? "only options" : `only ${operands.join(" ")} and options`;
	throw new Failure(`unexpected ${unexpected}: varve ${name} takes ${taken}`, EXIT.usage);
}

function refuseVerb(name: string): number {
	if (name.startsWith("-")) return refuseOptionFirst(name);
	const close = nearest(name, [...VERBS.map((verb) => verb.name), "help", "version"]);
	const verbs = VERBS.map((verb) => verb.name).join(", ");
	const hint = close === undefined ? `; the verbs are ${verbs}` : `; did you mean ${close}?`;
	note(`varve: unknown verb ${name}${hint}\nTry: varve --help\n`);
	return EXIT.usage;
}

/** The option itself is not repeated: its value may be a password. */
function refuseOptionFirst(given: string): number {
	const flag = given.replace(/=.*/s, "");
	const ofVerb = ({ options }: Verb) => options.find((option) => `--${option.flag}` === flag);
	const verb = VERBS.find(ofVerb);
	const option = verb && ofVerb(verb);
	const example = option ? `varve ${verb.name} ${signature(option)}` : "varve serve --port 2113";
	note(`varve: no verb before ${flag}; write the verb first: ${example}\n`);
	note("Try: varve --help\n");
	return EXIT.usage;
}

function report(error: unknown, verb: Verb): number {
	const hint = verb.operands.some((name) => name.includes("STREAM")) ? unquotedHint(error) : "";
	// On one line: a server's words with line breaks must not look like ours.
	note(`varve: ${escapeInvisible(explain(error))}${hint}\n`);
	if (error instanceof Failure && error.exitCode !== EXIT.usage) return error.exitCode;
	if (!(error instanceof Failure) && !isUsage(error)) return EXIT.failed;
	note(`Try: varve ${verb.name} --help\n`);
	return EXIT.usage;
}

function print(text: string): number {
	answer(text);
	return EXIT.done;
}

function version(): string {
	const manifest = new URL("../../../package.json", import.meta.url);
	const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
	return version;
}
