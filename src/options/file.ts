/**
 * Settings from a file: one JSON object whose names are those of the flags.
 *
 *     { "port": 3000, "data": "/var/lib/varve", "body-bytes-max": "64MiB", "check-reads": true }
 *
 * The parser guesses as little as that of the command line: it refuses an unknown name, a name that
 * stands there twice, and a value of another kind.
 */
import { findJsonFault } from "../../feeds/json/fault.ts";
import { eachMember, skipSpace, skipValue } from "../../feeds/json/text.ts";
import { nearest } from "../nearest.ts";
import { readSmallFile } from "./bounded.ts";
import { invalidOption, unknownOption } from "./faults.ts";
import type { Option } from "./option.ts";

/** All options together take a few kilobytes. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Where a value stands, in the words of a refusal, and the text a flag would have there. */
export type FileValue = { readonly where: string; readonly text: string };

/**
 * The values of a file by the flags of their options, not parsed yet.
 * @param options those that the file may set
 * @throws Refusal `unknown-option`, `invalid-option`
 */
export function readSettingsFile(
	path: string,
	options: readonly Option[],
): ReadonlyMap<string, FileValue> {
	const text = documentIn(path);
	const flags = options.filter(({ perCall }) => !perCall).map(({ flag }) => flag);
	const values = new Map<string, FileValue>();
	eachMember(text, skipSpace(text, 0), (name, start) => {
		const end = skipValue(text, start);
		const where = `"${name}" in ${path}`;
		if (name === "config") throw invalidOption(where, "", "a file cannot name another one");
		if (!flags.includes(name)) throw unknownOption(where, quoted(nearest(name, flags)));
		if (values.has(name)) throw invalidOption(where, "", "it is given twice; leave one out");
		values.set(name, { where, text: textOf(JSON.parse(text.slice(start, end)), where) });
		return end;
	});
	return values;
}

/** @returns the text of a JSON object */
function documentIn(path: string): string {
	const refuse = (reason: string) => invalidOption("--config", path, reason);
	let text: string;
	try {
		text = readSmallFile(path, FILE_BYTES_MAX);
	} catch (error) {
		throw refuse((error as Error).message);
	}
	const fault = findJsonFault(text);
	if (fault) {
		const before = text.slice(0, fault.at).split("\n");
		const column = (before.at(-1)?.length ?? 0) + 1;
		throw refuse(`it is not JSON: line ${before.length}, column ${column}: ${fault.reason}`);
	}
	if (text.charAt(skipSpace(text, 0)) !== "{") {
		throw refuse('it has to be one JSON object, such as { "port": 3000 }');
	}
	return text;
}

function textOf(value: unknown, where: string): string {
	if (typeof value === "string") return value;
	if (typeof value === "boolean") return value ? "yes" : "no";
	if (typeof value === "number") return String(value);
	throw invalidOption(where, "", "it must be a string, a number, true or false");
}

function quoted(name: string | undefined): string | undefined {
	return name === undefined ? undefined : `"${name}"`;
}
