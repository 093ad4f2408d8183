/** The object in the data of an event that the server wrote, or somebody in its place. */
import { isUtf8 } from "node:buffer";

export type Members = { readonly [member: string]: unknown };

/** @returns undefined if it is no JSON object */
export function membersOf(data: Uint8Array): Members | undefined {
	if (!isUtf8(data)) return undefined;
	try {
		const value: unknown = JSON.parse(Buffer.from(data).toString());
		return isMembers(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

export function isMembers(value: unknown): value is Members {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every((one) => typeof one === "string");
}
