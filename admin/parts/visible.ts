/**
 * Text of clients, with all that is in it to be seen: control characters, characters without width,
 * and those that turn the direction of what follows stand as a box with their number. Whatever a
 * name holds, it can be told from every other.
 */
import { type Html, html, type Part } from "../html.ts";

/** Without a shape of their own; of blanks the usual one alone is seen, and not at an end. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}|^ +| +$/u;
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
