/** The data of an event as a value. */

const decoder = new TextDecoder();

/**
 * The `json()` of an event. All events share it: a closure for each would cost more than the rest
 * of the object.
 * @throws SyntaxError if the data is not JSON
 */
export function parseData(this: { readonly data: Uint8Array }): unknown {
	return JSON.parse(decoder.decode(this.data));
}
