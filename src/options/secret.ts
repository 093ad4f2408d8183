/**
 * Secrets in files, as Docker and Kubernetes hand them over: `VARVE_PURGE_URL_FILE` names a file
 * that holds what `VARVE_PURGE_URL` would.
 */
import { readSmallFile } from "./bounded.ts";
import { invalidOption } from "./faults.ts";
import { environmentName, fileVariable, type Option } from "./option.ts";

/** A secret is a line; a larger file is another one than was meant. */
const SECRET_BYTES_MAX = 64 * 1024;

/**
 * The value of an option in the environment, itself or in a file.
 * @throws Refusal `invalid-option`, also if both variables are set
 */
export function fromEnvironment(option: Option, env: NodeJS.ProcessEnv): string | undefined {
	if (option.perCall) return undefined;
	const value = env[environmentName(option)];
	if (option.shown === undefined) return value;
	const variable = fileVariable(option);
	const path = env[variable];
	if (path === undefined) return value;
	if (value !== undefined) {
		throw invalidOption(variable, path, `${environmentName(option)} is set, too; leave one out`);
	}
	return secretIn(path, variable);
}

/** Editors and `echo` end a file with a line break, which is no part of the secret. */
function secretIn(path: string, variable: string): string {
	if (path === "") throw invalidOption(variable, path, "it is empty; it has to name a file");
	let text: string;
	try {
		text = readSmallFile(path, SECRET_BYTES_MAX).replace(/\r?\n$/, "");
	} catch (error) {
		throw invalidOption(variable, path, (error as Error).message);
	}
	if (text === "") throw invalidOption(variable, path, "the file is empty");
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
	if (/[\u0000-\u001f\u007f]/.test(text)) {
		throw invalidOption(
			variable,
			path,
			"the file holds more than one line, or a control character",
		);
	}
	return text;
}
