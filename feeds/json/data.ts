/** The data of an event as a value. */
import { textOf } from "./string.ts";

const MARK = 0xfeff;

/**
 * The `json()` of an event. All events share it: a closure for each would cost more than the rest
 * of the object.
 * @throws SyntaxError if the data is not JSON
 */
export function parseData(this: { readonly data: Uint8Array }): unknown {
	const text = textOf(this.data);
	return JSON.parse(text.charCodeAt(0) === MARK ? text.slice(1) : text);
}
