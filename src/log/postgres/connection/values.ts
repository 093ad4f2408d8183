/** The values of rows as JavaScript has them, and arrays as PostgreSQL reads them. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;

const BACKSLASH = 0x5c;
const ZERO = 0x30;

type Parse = (value: string) => unknown;

const asNumber = (value: string) => Number(value);
const asIs = (value: string) => value;

/** Values come as text: the driver takes the binary form for UTF-8, and mangles it. */
const PARSERS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
	[BOOL, (value) => value === "t"],
	// `\x` and two digits for each byte; the session sees to that.
	[BYTEA, (value) => Buffer.from(value.slice(2), "hex")],
	[INT8, asNumber],
	[INT2, asNumber],
	[INT4, asNumber],
]);

/** What the driver asks for the parser of a column. */
export const TYPES = {
	getTypeParser: (oid: number) => PARSERS.get(oid) ?? asIs,
};

/**
 * The bytes of `encode(…, 'escape')`, in which a backslash is two, and a NUL and what is no ASCII a
 * backslash and three octal digits.
 */
export function unescaped(text: string): Buffer {
	const bytes = Buffer.from(text, "latin1");
	let to = bytes.indexOf(BACKSLASH);
	if (to < 0) return bytes;
	for (let at = to; at < bytes.length; ) {
		const byte = bytes[at++] as number;
		if (byte !== BACKSLASH) bytes[to++] = byte;
		else if (bytes[at] === BACKSLASH) bytes[to++] = bytes[at++] as number;
		else {
			const digit = () => (bytes[at++] as number) - ZERO;
			bytes[to++] = 64 * digit() + 8 * digit() + digit();
		}
	}
	return bytes.subarray(0, to);
}

/** An array of numbers, or of ids: nothing in them needs quotes. */
export function arrayOf(values: readonly (number | string | null)[]): string {
	return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/** An array of texts. */
export function textsOf(values: readonly string[]): string {
	return `{${values.map(quoted).join(",")}}`;
}

function quoted(value: string): string {
	return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
