/** JSON from the log or from a client, about whose shape nothing is known. */

export type JsonObject = { readonly [name: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns undefined if the text is not JSON, or no object */
export function parseObject(text: string | Uint8Array): JsonObject | undefined {
	try {
		const value: unknown = JSON.parse(typeof text === "string" ? text : textOf(text));
		return isJsonObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

export function textOf(bytes: Uint8Array): string {
	if (bytes.length === 0) return "";
	if (bytes instanceof Buffer) return bytes.toString();
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
