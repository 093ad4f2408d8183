/** JSON from the log or from a client, about whose shape nothing is known. */

export type JsonObject = { readonly [name: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @returns undefined if the bytes are not a JSON object */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
	try {
		const value: unknown = JSON.parse(Buffer.from(bytes).toString());
		return isJsonObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}
