/**
 * Makes visible what a terminal, an editor or a log viewer would act on: control characters (ANSI
 * sequences start with one), marks that turn the direction of text, separators of lines, and what
 * has no glyph.
 */

/** The `\n` that ends a line is left: only the last character can be one, since JSON escapes it. */
const INVISIBLE = /(?!\n$)[\p{C}\p{Zl}\p{Zp}]/gu;

/** JSON text in, JSON text of the same value out: such characters stand in its strings alone. */
export function escapeInvisible(json: string): string {
	return json.replace(INVISIBLE, escaped);
}

/** `\u202e`; two of them for a character beyond the basic plane. */
function escaped(character: string): string {
	let text = "";
	for (let at = 0; at < character.length; at++) {
		text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
	}
	return text;
}
