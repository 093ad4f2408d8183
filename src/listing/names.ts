/** Ranges of names in the order of their bytes in UTF-8, which is that of their code points. */
import type { NameRange } from "../log/log.ts";

export type Span = Omit<NameRange, "limit">;

/**
 * The ranges of names that begin with a prefix, after a name. System streams, whose names begin
 * with `$`, are left out unless the prefix asks for them.
 */
export function rangesOf(prefix: string, after: string | undefined): Span[] {
	const all: Span[] =
		prefix === ""
			? [
					{ from: "", before: "$" },
					{ from: "%", before: undefined },
				]
			: [{ from: prefix, before: successorOf(prefix) }];
	if (after === undefined) return all;
	// Nothing is between a name and the same name with NUL behind it.
	const from = `${after}\0`;
	return all
		.filter(({ before }) => before === undefined || isBelow(from, before))
		.map((span) => (isBelow(span.from, from) ? { ...span, from } : span));
}

/** The first text behind all that begin with `prefix`; undefined if there is none. */
export function successorOf(prefix: string): string | undefined {
	const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
	while (points.at(-1) === 0x10_ffff) points.pop();
	const last = points.pop();
	if (last === undefined) return undefined;
	// UTF-8 cannot write surrogates.
	points.push(last === 0xd7ff ? 0xe000 : last + 1);
	return String.fromCodePoint(...points);
}

/** Whether a text stands before another in the order of code points. */
export function isBelow(one: string, other: string): boolean {
	const length = Math.min(one.length, other.length);
	for (let at = 0; at < length; at++) {
		const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
		if (left !== right) return rankOf(left) < rankOf(right);
	}
	return one.length < other.length;
}

/** Halves of a code point beyond the basic plane stand behind all of that. */
function rankOf(unit: number): number {
	if (unit < 0xd800) return unit;
	return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
