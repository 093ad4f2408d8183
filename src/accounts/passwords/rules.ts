/** What can be a password (RFC 7617 section 2: no control characters). */

const CHARACTERS_MIN = 8;
const BYTES_MAX = 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** A password in the one form in which it is hashed, however a keyboard composed it. */
export function normalPassword(text: string): string {
	return text.normalize("NFC");
}

/** Says why a text cannot be a new password; undefined if it can. The text is not repeated. */
export function passwordFault(text: string): string | undefined {
	if (!text.isWellFormed()) return "it holds half a surrogate pair";
	if (CONTROL.test(text)) return "it holds a control character, which HTTP cannot carry";
	if (Array.from(text).length < CHARACTERS_MIN)
		return `it has fewer than ${CHARACTERS_MIN} characters`;
	if (Buffer.byteLength(text) > BYTES_MAX) return `it is longer than ${BYTES_MAX} bytes`;
	return undefined;
}
