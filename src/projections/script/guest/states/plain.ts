/** Values that JSON writes and reads back as they are, and what it makes of others. */
import { parse, stringify } from "../realm/intrinsics.ts";

export type Json = unknown;

/** What JSON says of a value; null where it says nothing. */
export function plain(value: unknown): Json {
	if (isPlainValue(value)) return value;
	const text: string | undefined = stringify(value);
	return text === undefined ? null : parse(text);
}

/** A value that is no object, and that JSON writes and reads back as it is. */
export function isPlainValue(value: unknown): boolean {
	switch (typeof value) {
		case "string":
		case "boolean":
			return true;
		case "number":
			return isPlainNumber(value);
		default:
			return value === null;
	}
}

/** Neither NaN, nor infinite, nor the negative zero. */
function isPlainNumber(value: number): boolean {
	return value - value === 0 && (value !== 0 || 1 / value > 0);
}
