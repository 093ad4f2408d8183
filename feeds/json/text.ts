/**
 * A cursor over JSON text that returns exact slices. So the server can store what a client sent,
 * and show what it stored, without JavaScript's values: a double turns 12345678901234567890 into
 * 12345678901234567000 and 1.10 into 1.1.
 *
 * All functions that take a position rely on `JSON.parse` having accepted the text; `fault.ts` is
 * for other text. Positions are indices into the text. Text read as latin1 works as well as text
 * read as UTF-8, because all the syntax of JSON is ASCII; an index is then the offset of a byte.
 */

/**
 * How deep objects and arrays may nest. Readers in other languages stop somewhere between 64 and
 * 1,000; real events nest below 20. Within this bound the codecs may recurse.
 */
export const NESTING_MAX = 512;

const STARTS_VALUE = /^[ \t\n\r]*[{["0-9tfn-]/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const COMMA = 0x2c;
const SPACE = 0x20;

/**
 * Whether `text` is JSON at all. Text that cannot start a value is recognised without a throw,
 * because a throw is slow.
 */
export function isJsonText(text: string): boolean {
	if (!STARTS_VALUE.test(text)) return false;
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

/** The first position at or after `at` that is not white space. */
export function skipSpace(text: string, at: number): number {
	let i = at;
	while (text.charCodeAt(i) <= SPACE) i++;
	return i;
}

/** The position after the string that starts (with its quote) at `at`. */
export function skipString(text: string, at: number): number {
	// Three times as fast as a loop over the characters.
	let end = text.indexOf('"', at + 1);
	while (text.charCodeAt(end - 1) === BACKSLASH && isEscaped(text, end)) {
		end = text.indexOf('"', end + 1);
	}
	return end + 1;
}

/** The position after the value that starts at `at`; -1 if it nests deeper than `nestingMax`. */
export function skipValue(text: string, at: number, nestingMax = NESTING_MAX): number {
	let depth = 0;
	let i = at;
	do {
		const c = text.charCodeAt(i);
		if (c === QUOTE) i = skipString(text, i);
		// Both brackets differ by one bit: [ and {, ] and }.
		else if ((c | 0x20) === 0x7b) {
			if (++depth > nestingMax) return -1;
			i++;
		} else if ((c | 0x20) === 0x7d) {
			depth--;
			i++;
		} else if (depth === 0) return skipLiteral(text, i);
		else i++;
	} while (depth > 0);
	return i;
}

/**
 * Whether the whole text nests deeper than `NESTING_MAX`. A short text cannot, so it is not read.
 */
export function nestsTooDeep(text: string): boolean {
	return text.length > 2 * NESTING_MAX && skipValue(text, skipSpace(text, 0)) === -1;
}

/**
 * Visits the members of the object that starts at `at`, in order, duplicates included.
 * @param visit gets the unescaped name and the value's position; returns the position after it
 * @returns the position after the object
 */
export function eachMember(
	text: string,
	at: number,
	visit: (name: string, start: number) => number,
): number {
	let i = skipSpace(text, at + 1);
	while (text.charCodeAt(i) === QUOTE) {
		const nameEnd = skipString(text, i);
		const colon = skipSpace(text, nameEnd);
		const name = stringAt(text, i, nameEnd);
		i = nextItem(text, visit(name, skipSpace(text, colon + 1)));
	}
	return i + 1;
}

/** As `eachMember`, for the elements of an array. */
export function eachElement(text: string, at: number, visit: (start: number) => number): number {
	let i = skipSpace(text, at + 1);
	while (text.charCodeAt(i) !== CLOSING_BRACKET) i = nextItem(text, visit(i));
	return i + 1;
}

/** The value of the string literal between `start` and `end`, quotes included. */
export function stringAt(text: string, start: number, end: number): string {
	const inner = text.slice(start + 1, end - 1);
	return inner.includes("\\") ? (JSON.parse(text.slice(start, end)) as string) : inner;
}

/** From the end of a member or element to the next one, or to the bracket that closes them. */
function nextItem(text: string, end: number): number {
	const i = skipSpace(text, end);
	return text.charCodeAt(i) === COMMA ? skipSpace(text, i + 1) : i;
}

/** A quote belongs to the string when an odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
	let i = quote - 1;
	while (text.charCodeAt(i) === BACKSLASH) i--;
	return (quote - i) % 2 === 0;
}

/** Numbers, `true`, `false` and `null` end at the next JSON token, or at the end of the text. */
function skipLiteral(text: string, at: number): number {
	for (let i = at; ; i++) {
		const c = text.charCodeAt(i);
		// NaN, past the end, is not greater than a space either.
		if (!(c > SPACE) || c === COMMA || (c | 0x20) === 0x7d) return i;
	}
}
