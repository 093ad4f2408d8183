/** JSON string literals, fast: most strings of a feed are names and URLs, and need no escape. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/;

export function quote(text: string): string {
	return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** For browsers, which have no `Buffer`. */
const KEEP_MARK = { ignoreBOM: true };

/** Bytes as text. Bytes that are not UTF-8 become U+FFFD; a byte order mark is kept. */
export function textOf(bytes: Uint8Array): string {
	if (typeof Buffer === "undefined") return new TextDecoder("utf-8", KEEP_MARK).decode(bytes);
	const buffer = Buffer.isBuffer(bytes)
		? bytes
		: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	return buffer.toString("utf8");
}
