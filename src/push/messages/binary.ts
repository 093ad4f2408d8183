/** The attributes of a CloudEvent as header fields (its HTTP binding, section 3.1.3). */

/** A field line of a megabyte is read by no server; such an attribute is left out. */
const VALUE_CHARACTERS_MAX = 4096;
/** These are the body, and its `Content-Type`. */
const ELSEWHERE: ReadonlySet<string> = new Set(["data", "data_base64", "datacontenttype"]);

/** @returns names and values in turn */
export function binaryFields(attributes: Readonly<Record<string, unknown>>): string[] {
	return Object.entries(attributes).flatMap(([name, value]) => {
		if (ELSEWHERE.has(name) || !/^[a-z0-9]{1,40}$/.test(name)) return [];
		if (typeof value === "object") return [];
		const text = escaped(String(value));
		return text.length > VALUE_CHARACTERS_MAX ? [] : [`ce-${name}`, text];
	});
}

/** Percent-encodes what the binding says: spaces, `"`, `%`, and all but printable ASCII. */
function escaped(text: string): string {
	return text.replace(/[^!#$&-~]/gu, (character) =>
		[...Buffer.from(character)]
			.map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
			.join(""),
	);
}
