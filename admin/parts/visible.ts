/**
 * Text of clients, with all that is in it to be seen: control characters, characters without width,
 * and those that turn the direction of what follows stand as a box with their number. Whatever a
 * name holds, it can be told from every other.
 */
import { type Html, html, type Part } from "../html.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNSEEN =
	/[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|^ +| +$/u;
const UNSEEN_ALL = new RegExp(UNSEEN.source, "gu");

/** As HTML; each boxed character is named to screen readers, too. */
export function visible(text: string): Part {
	if (!UNSEEN.test(text)) return text;
	return pieces(text).map(({ isBoxed, piece }) => (isBoxed ? mark(piece) : piece));
}

/** As plain text, for titles of windows and of elements. */
export function visibleText(text: string): string {
	if (!UNSEEN.test(text)) return text;
	return pieces(text)
		.map(({ isBoxed, piece }) => (isBoxed ? `[${piece}]` : piece))
		.join("");
}

/** Whether a person could not type the text back from what is seen. */
export function hasUnseen(text: string): boolean {
	return UNSEEN.test(text);
}

export function mark(text: string): Html {
	return html`<span class="esc">${text}</span>`;
}

type Piece = { readonly isBoxed: boolean; readonly piece: string };

function pieces(text: string): Piece[] {
	const found: Piece[] = [];
	let from = 0;
	for (const match of text.matchAll(UNSEEN_ALL)) {
		if (match.index > from) found.push({ isBoxed: false, piece: text.slice(from, match.index) });
		for (const character of match[0]) found.push({ isBoxed: true, piece: codeOf(character) });
		from = match.index + match[0].length;
	}
	if (from < text.length) found.push({ isBoxed: false, piece: text.slice(from) });
	return found;
}

function codeOf(character: string): string {
	const digits = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
	return `U+${digits}`;
}
