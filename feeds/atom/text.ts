/**
 * Text in the form that XML 1.0 can carry. Streams, types and data may hold anything, but a feed
 * must always be well-formed.
 */

// Text may hold tabs and line feeds, but no carriage return: parsers would read a line feed.
// `>` is always written as `&gt;`, so that `]]>` cannot appear.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIAL_IN_ATTRIBUTE = /[&<>"\u0000-\u001f\ud800-\udfff\ufffe\uffff]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIALS = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** `text` as the text of an element. Characters that XML cannot carry become U+FFFD. */
export function escapeText(text: string): string {
	return SPECIAL.test(text) ? text.toWellFormed().replace(SPECIALS, escaped) : text;
}

/**
 * `text` as the value of an attribute in double quotes. White space is escaped, because parsers
 * would read it as spaces.
 */
export function escapeAttribute(text: string): string {
	if (!SPECIAL_IN_ATTRIBUTE.test(text)) return text;
	return escapeText(text).replaceAll("\t", "&#x9;").replaceAll("\n", "&#xA;");
}

function escaped(character: string): string {
	switch (character) {
		case "&":
			return "&amp;";
		case "<":
			return "&lt;";
		case ">":
			return "&gt;";
		case '"':
			return "&quot;";
		case "\r":
			return "&#xD;";
		default:
			return "\ufffd";
	}
}

// Letters that all editions of XML 1.0 agree on: ASCII, Latin, Greek, Cyrillic, Hebrew, Arabic,
// kana, Han, Hangul.
const LETTER =
	"A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0131\u0388-\u038a\u038e-\u03a1\u03a3-\u03ce" +
	"\u0401-\u040c\u040e-\u044f\u0451-\u045c\u05d0-\u05ea\u0621-\u063a\u0641-\u064a" +
	"\u3041-\u3094\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3";
/** Matches most names, and is quicker. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9.-]*$/;
const NAME = new RegExp(`^[${LETTER}][${LETTER}0-9.-]*$`);
const OUTSIDE = new RegExp(`[^${LETTER}0-9.-]`, "gu");
const OUTSIDE_FIRST = new RegExp(`^[^${LETTER}]`, "u");
const LOOKS_ESCAPED = /_(?=x[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{4})?_)/g;

/**
 * `name` as the name of an element or attribute. A character that no name may hold is written as
 * `_xHHHH_`, or with eight digits above U+FFFF. So is an underscore that looks like the start of
 * such a form, and a colon, so that data cannot refer to a namespace.
 */
export function escapeName(name: string): string {
	if (PLAIN_NAME.test(name)) return name;
	if (NAME.test(name) && !name.includes("_x")) return name;
	if (name === "") return "_";
	return name
		.toWellFormed()
		.replace(LOOKS_ESCAPED, "_x005F_")
		.replace(OUTSIDE, code)
		.replace(OUTSIDE_FIRST, code);
}

function code(character: string): string {
	const point = character.codePointAt(0) ?? 0;
	return `_x${point
		.toString(16)
		.toUpperCase()
		.padStart(point > 0xffff ? 8 : 4, "0")}_`;
}
