/**
 * Paths into JSON, as RFC 9535 writes them, without what takes a search of its own: names, numbers
 * from 0 and `*` (any), one behind another. A path is read before anything is searched, and a fault
 * of it has its place.
 */

/** Steps down: into the member of a name, the item of a number, or each of them. */
export type Path = readonly Step[];
export type Step =
	| { readonly kind: "name"; readonly name: string; readonly bytes: Uint8Array }
	| { readonly kind: "item"; readonly index: number }
	| { readonly kind: "any" };

/** `at` counts characters from 0. */
export type PathFault = { readonly at: number; readonly reason: string };

/** An example for each way to write a step. */
export const PATH_EXAMPLE = "$.total, $.lines[0].sku, $.lines[*].sku or $['a name']";
export const PATH_LENGTH_MAX = 512;
/** Deeper than people nest what they search. */
const STEPS_MAX = 32;
const NAME = /[^\s.[\]"'*?@(),:]+/y;
const INDEX = /\[(\d{1,15})\]/y;
const QUOTED = /\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/y;
const ANY = /\.\*|\[\*\]/y;

export function parsePath(text: string): Path | PathFault {
	if (text.length > PATH_LENGTH_MAX) {
		return { at: PATH_LENGTH_MAX, reason: `it has more than ${PATH_LENGTH_MAX} characters` };
	}
	if (text[0] !== "$") return { at: 0, reason: "a path begins with $, which stands for the data" };
	const steps: Step[] = [];
	for (let at = 1; at < text.length; ) {
		const read = stepAt(text, at);
		if (isFault(read)) return read;
		if (steps.push(read.step) > STEPS_MAX) {
			return { at, reason: `it has more than ${STEPS_MAX} steps` };
		}
		at = read.end;
	}
	return steps;
}

export function isFault(read: object): read is PathFault {
	return "reason" in read;
}

type ReadStep = { readonly step: Step; readonly end: number };

function stepAt(text: string, at: number): ReadStep | PathFault {
	const any = matchAt(ANY, text, at);
	if (any) return { step: { kind: "any" }, end: at + any[0].length };
	if (text[at] === "[") return inBrackets(text, at);
	if (text[at] !== ".") {
		return { at, reason: "a step begins with a dot or a bracket" };
	}
	if (text[at + 1] === ".") {
		return { at: at + 1, reason: "a search at any depth is not possible; name each step" };
	}
	const name = matchAt(NAME, text, at + 1)?.[0];
	if (name === undefined) return { at: at + 1, reason: "a name is missing after the dot" };
	return { step: named(name), end: at + 1 + name.length };
}

function inBrackets(text: string, at: number): ReadStep | PathFault {
	const index = matchAt(INDEX, text, at);
	if (index) {
		return { step: { kind: "item", index: Number(index[1]) }, end: at + index[0].length };
	}
	const quoted = matchAt(QUOTED, text, at);
	if (quoted) {
		const name = (quoted[1] ?? quoted[2] ?? "").replace(/\\(.)/gs, "$1");
		return { step: named(name), end: at + quoted[0].length };
	}
	if (text[at + 1] === "-") return { at: at + 1, reason: "items are counted from 0" };
	if (text[at + 1] === "?") return { at: at + 1, reason: "a filter is not possible in a path" };
	const reason = "a bracket holds a number from 0, a name in quotes, or *, and is closed";
	return { at, reason };
}

function named(name: string): Step {
	return { kind: "name", name, bytes: Buffer.from(name) };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}
