/** The values of rows as JavaScript has them, and arrays as PostgreSQL reads them. */
const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;

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
