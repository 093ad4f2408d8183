/**
 * Reads a command line, the environment and a file of settings against a table of options.
 *
 * The flag wins over the environment, the environment over the file, and the file over the default.
 * The parser never guesses: it refuses an unknown name, a repeated option, and a missing or
 * impossible value. If a server started with other settings than the operator wanted, the operator
 * would notice too late.
 */
import { nearest } from "./nearest.ts";
import { invalidOption, ORCHESTRATED_VALUE, unknownOption } from "./options/faults.ts";
import { type FileValue, readSettingsFile } from "./options/file.ts";
import {
	environmentName,
	fileVariable,
	type Option,
	type Source,
	type Sources,
	type Value,
	type Values,
} from "./options/option.ts";
import { fromEnvironment } from "./options/secret.ts";
import { parseValue } from "./options/values.ts";

export { readSmallFile } from "./options/bounded.ts";
export { invalidOption } from "./options/faults.ts";
export { settingIn } from "./options/file.ts";
export {
	environmentName,
	type Option,
	type Source,
	type Sources,
	type Value,
	type Values,
} from "./options/option.ts";
export { sizeText } from "./options/values.ts";

export type Arguments = {
	readonly operands: readonly string[];
	readonly values: Values;
	/** Where each value came from, by the name of its option. */
	readonly sources: Sources;
	/**
	 * Reads all of it again: the files may have changed.
	 * @throws Refusal as `parseArguments`
	 */
	readonly reread?: () => Arguments;
};

/**
 * Reads the arguments after the verb; for options they do not set, the environment, and then the
 * file that the option `config` names.
 * @param inFile the options that the file may hold; those of this call alone are used
 * @throws Refusal `unknown-option`, `invalid-option`
 */
export function parseArguments(
	argv: readonly string[],
	env: NodeJS.ProcessEnv,
	options: readonly Option[],
	inFile: readonly Option[] = options,
): Arguments {
	const { operands, given } = parseFlags(argv, options);
	const find = (option: Option, file?: ReadonlyMap<string, FileValue>): Found => {
		const from = (source: Source, text: string, where: string) => {
			return { source, value: parseValue(option, text, where) };
		};
		const flag = given.get(option);
		if (flag !== undefined) return from("argument", flag, `--${option.flag}`);
		const variable = fromEnvironment(option, env);
		if (variable !== undefined) return from("environment", variable, environmentName(option));
		const stored = file?.get(option.flag);
		if (stored) return from("file", stored.text, stored.where);
		return { source: "default", value: option.default };
	};
	const config = options.find(({ name }) => name === "config");
	const path = config && find(config).value;
	const file = path === undefined ? undefined : readSettingsFile(String(path), inFile);
	const values: Record<string, Value> = {};
	const sources: Record<string, Source> = {};
	for (const option of options) {
		const { value, source } = find(option, file);
		values[option.name] = value;
		sources[option.name] = source;
	}
	return { operands, values, sources, reread: () => parseArguments(argv, env, options, inFile) };
}

type Found = { readonly source: Source; readonly value: Value };

/**
 * Refuses an unknown variable whose name starts with VARVE_.
 * @throws Refusal `unknown-option`
 */
export function refuseUnknownVariables(env: NodeJS.ProcessEnv, options: readonly Option[]): void {
	const shared = options.filter((option) => !option.perCall);
	const secrets = shared.filter((option) => option.shown !== undefined);
	const known = [...shared.map(environmentName), ...secrets.map(fileVariable)];
	for (const [name, value] of Object.entries(env)) {
		if (!name.startsWith("VARVE_") || known.includes(name)) continue;
		// Kubernetes and Docker links set these for services named varve; no operator typed them.
		if (ORCHESTRATED_NAME.test(name) || ORCHESTRATED_VALUE.test(value ?? "")) continue;
		throw unknownOption(name, nearest(name, known));
	}
}

const ORCHESTRATED_NAME = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/;

function parseFlags(argv: readonly string[], options: readonly Option[]) {
	const operands: string[] = [];
	const given = new Map<Option, string>();
	for (let index = 0; index < argv.length; index++) {
		const argument = argv[index] ?? "";
		if (argument === "--") {
			operands.push(...argv.slice(index + 1));
			break;
		}
		// A single `-` is standard input.
		if (!argument.startsWith("-") || argument === "-") {
			operands.push(argument);
			continue;
		}
		const equals = argument.indexOf("=");
		const flag = equals < 0 ? argument : argument.slice(0, equals);
		const option = optionOf(flag, options);
		if (option.isOffCommandLine) throw invalidOption(flag, "", readByAll(option));
		if (given.has(option)) throw invalidOption(flag, "", "it is given twice; leave one out");
		if (equals >= 0) given.set(option, argument.slice(equals + 1));
		else if (option.kind === "yes-no")
			given.set(option, isYesNo(argv[index + 1]) ? (argv[++index] as string) : "yes");
		else given.set(option, valueAfter(flag, argv[++index]));
		const holds = option.holdsSecret?.(given.get(option) ?? "") ?? false;
		if (holds) throw invalidOption(flag, "", `it has a password in it, and ${readByAll(option)}`);
	}
	return { operands, given };
}

function optionOf(flag: string, options: readonly Option[]): Option {
	const option = options.find((candidate) => `--${candidate.flag}` === flag);
	if (option) return option;
	const close = nearest(
		flag.replace(/^-+/, ""),
		options.map((candidate) => candidate.flag),
	);
	throw unknownOption(flag, close && `--${close}`);
}

function readByAll(option: Option): string {
	const names = `${environmentName(option)}, or the name of a file in ${fileVariable(option)}`;
	return `everyone on this machine can read a command line; set ${names}`;
}

/**
 * Whether the next argument is the value of a yes-no option, which may stand alone. No digit is:
 * in `redact order-42 --metadata 1` it is the version.
 */
function isYesNo(next: string | undefined): boolean {
	return next !== undefined && /^(?:yes|no|true|false|on|off)$/i.test(next);
}

/** A value may start with one dash (`-1`, `-`), never with two: that is the next option. */
function valueAfter(flag: string, next: string | undefined): string {
	if (next === undefined || next.startsWith("--"))
		throw invalidOption(flag, "", "its value is missing");
	return next;
}
