/** Text as cells of a terminal: how wide it is, and the part of it that fits. */
import { escapeInvisible } from "../../observe/visible.ts";

/** Scripts and signs that take two cells. */
const WIDE =
	/[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
/** They stand on the character before them. */
const COMBINING = /\p{M}/u;
const ASCII = /^[\x20-\x7e]*$/;
const CUT = "…";

/** Text of a client with nothing in it that a terminal would act on, on one line. */
export function harmless(text: string): string {
	// At the end of a text a line feed is a character like any other.
	return escapeInvisible(text).replace(/\n$/, "\\u000a");
}

export function widthOf(text: string): number {
	if (ASCII.test(text)) return text.length;
	let width = 0;
	for (const character of text) width += cellsOf(character);
	return width;
}

/** The text in exactly `width` cells; a longer one is cut at its end. */
export function fitted(text: string, width: number): string {
	return padded(cutEnd(text, width), width);
}

/** As `fitted`, but cut in its middle: the last part of a name tells it from others. */
export function fittedName(text: string, width: number): string {
	if (widthOf(text) <= width) return padded(text, width);
	const tail = Math.floor((width - 1) / 2);
	const reversed = headOf([...text].reverse(), tail)
		.reverse()
		.join("");
	return padded(`${headOf([...text], width - 1 - tail).join("")}${CUT}${reversed}`, width);
}

/** The text in at most `width` cells. */
export function cutEnd(text: string, width: number): string {
	// No more of it can be shown, however narrow its characters are.
	const near = text.slice(0, 4 * width + 4);
	if (near.length === text.length && widthOf(text) <= width) return text;
	return `${headOf([...near], width - 1).join("")}${CUT}`;
}

function headOf(characters: readonly string[], width: number): string[] {
	const head: string[] = [];
	let used = 0;
	for (const character of characters) {
		used += cellsOf(character);
		if (used > width) break;
		head.push(character);
	}
	return head;
}

function cellsOf(character: string): number {
	if (COMBINING.test(character)) return 0;
	return WIDE.test(character) ? 2 : 1;
}

function padded(text: string, width: number): string {
	return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
