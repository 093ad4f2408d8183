/**
 * Finds where and why a text is not JSON (RFC 8259). `JSON.parse` decides, and is much faster, but
 * its messages differ between engine versions and often lack the position. So this code reads the
 * text again after `JSON.parse` has rejected it.
 */
import { NESTING_MAX } from "./text.ts";

export type JsonFault = { readonly reason: string; readonly at: number };

/** The tokens that may stand at the cursor. */
type State = "value" | "value or ]" | "name" | "name or }" | ", or end" | "end";

const WHITE = " \t\n\r";
const ESCAPE = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/;
/** A byte order mark, as a character and as its three bytes. */
const MARK = /^(?:\ufeff|\u00ef\u00bb\u00bf)/;

/**
 * Finds the first fault of a text. Nesting deeper than `NESTING_MAX` is a fault too.
 * @returns undefined for JSON; `at` is an index into the text
 */
export function findJsonFault(text: string): JsonFault | undefined {
	const open: string[] = [];
	let state: State = "value";
	let at = 0;
	for (;;) {
		at = skipWhite(text, at);
		const c = text.charAt(at);
		if (state === "end" && c === "") return undefined;
		if (c === "") return { reason: ends(open), at };
		const closes = c === open.at(-1) && state !== "value" && state !== "name";
		if (state === "end") return { reason: `${show(text, at)} after the end of the document`, at };
		if (closes) {
			open.pop();
			at++;
			state = open.length === 0 ? "end" : ", or end";
		} else if (state === ", or end") {
			if (c !== ",")
				return { reason: `${show(text, at)} instead of a comma or ${open.at(-1)}`, at };
			at++;
			state = open.at(-1) === "}" ? "name" : "value";
		} else if (state === "name" || state === "name or }") {
			const end = name(text, at);
			if (typeof end !== "number") return end;
			at = end;
			state = "value";
		} else if (c === "{" || c === "[") {
			if (open.push(c === "{" ? "}" : "]") > NESTING_MAX)
				return { reason: `it nests deeper than ${NESTING_MAX} levels`, at };
			at++;
			state = c === "{" ? "name or }" : "value or ]";
		} else {
			const end = c === '"' ? string(text, at) : literal(text, at);
			if (typeof end !== "number") return end;
			at = end;
			state = open.length === 0 ? "end" : ", or end";
		}
	}
}

function name(text: string, at: number): number | JsonFault {
	if (text[at] !== '"')
		return { reason: `${show(text, at)} instead of a name in double quotes`, at };
	const end = string(text, at);
	if (typeof end !== "number") return end;
	const colon = skipWhite(text, end);
	if (text[colon] === ":") return colon + 1;
	return { reason: `${show(text, colon)} instead of a colon`, at: colon };
}

// Loops, not regular expressions: those may overflow the stack on a string of some megabytes.
function string(text: string, at: number): number | JsonFault {
	for (let i = at + 1; i < text.length; i++) {
		const c = text.charAt(i);
		if (c === '"') return i + 1;
		if (c < " ") {
			return { reason: "a control character in a string; it must be escaped", at: i };
		}
		if (c !== "\\") continue;
		if (!ESCAPE.test(text.slice(i + 1, i + 6))) {
			return { reason: "an unknown escape in a string", at: i };
		}
		i++;
	}
	return { reason: "a string is not closed", at: text.length };
}

function literal(text: string, at: number): number | JsonFault {
	for (const word of ["true", "false", "null"]) {
		if (text.startsWith(word, at)) return at + word.length;
	}
	const c = text.charAt(at);
	if (c === "-" || digit(c)) return number(text, at);
	if (c === "'") return { reason: "a string in single quotes; JSON allows only double quotes", at };
	if (c === "/") return { reason: "a comment; JSON allows none", at };
	if (MARK.test(text.slice(0, 3))) return { reason: "a byte order mark; JSON allows none", at };
	return { reason: `${show(text, at)} instead of a value`, at };
}

/** `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` */
function number(text: string, at: number): number | JsonFault {
	let i = text[at] === "-" ? at + 1 : at;
	const whole = skipDigits(text, i);
	if (whole === i) return { reason: `${show(text, i)} instead of a digit`, at: i };
	if (text[i] === "0" && whole > i + 1) {
		return { reason: "a number that starts with zeros", at: i };
	}
	i = whole;
	if (text[i] === ".") {
		const end = skipDigits(text, ++i);
		if (end === i) return { reason: `${show(text, i)} instead of a digit`, at: i };
		i = end;
	}
	if (text[i] === "e" || text[i] === "E") {
		i++;
		if (text[i] === "+" || text[i] === "-") i++;
		const end = skipDigits(text, i);
		if (end === i) return { reason: `${show(text, i)} instead of a digit`, at: i };
		i = end;
	}
	return i;
}

function skipDigits(text: string, at: number): number {
	let i = at;
	while (digit(text.charAt(i))) i++;
	return i;
}

function digit(c: string): boolean {
	return c >= "0" && c <= "9";
}

/** Only the four of JSON; `skipSpace` may take any control character for white space. */
function skipWhite(text: string, at: number): number {
	let i = at;
	while (i < text.length && WHITE.includes(text.charAt(i))) i++;
	return i;
}

function ends(open: readonly string[]): string {
	return open.length === 0 ? "it is empty" : `it ends before its closing ${open.at(-1)}`;
}

function show(text: string, at: number): string {
	const c = text.charAt(at);
	if (c === "") return "the end";
	// Bytes above ASCII may be half a character here.
	return c > " " && c <= "~" ? c : "a character that has no meaning";
}
