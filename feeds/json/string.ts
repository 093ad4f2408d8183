/** JSON string literals, fast: most strings of a feed are names and URLs, and need no escape. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

/** `text` as a JSON string literal. */
export function quote(text: string): string {
	return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Bytes as text. What is not UTF-8 becomes U+FFFD; a byte order mark is kept, as every byte is. */
export function textOf(bytes: Uint8Array): string {
	const buffer = Buffer.isBuffer(bytes)
		? bytes
		: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	return buffer.toString("utf8");
}
