/** The rows of an answer in SQL as text: a JSON document, lines of JSON, or CSV. */
import { csvLine } from "../../feeds/csv/encode.ts";
import type { SqlAnswer } from "../log/questions/question.ts";

export const ROW_FORMATS = ["json", "ndjson", "csv"] as const;
export type RowFormat = (typeof ROW_FORMATS)[number];

export const ROWS: Readonly<Record<RowFormat, (answer: SqlAnswer) => string>> = {
	/** `{"columns":[…],"rows":[[…],…]}`, with `cutBy` if it was cut. */
	json: ({ columns, rows, cutBy }) => {
		const lines = rows.map((row) => `[${row.join(",")}]`).join(",\n");
		const cut = cutBy === undefined ? "" : `,"cutBy":${JSON.stringify(cutBy)}`;
		return `{"columns":${JSON.stringify(columns)},"rows":[${lines}]${cut}}`;
	},
	/** An object a row. */
	ndjson: ({ columns, rows }) => {
		const names = columns.map((name) => JSON.stringify(name));
		const members = (row: readonly string[]) =>
			row.map((value, index) => `${names[index]}:${value}`).join(",");
		return rows.map((row) => `{${members(row)}}\n`).join("");
	},
	/** A head, and a line a row; nothing stands for null. */
	csv: ({ columns, rows }) =>
		[csvLine(columns), ...rows.map((row) => csvLine(row.map((value) => textOf(value))))].join(""),
};

/** A value in a row of the JSON document: a text, a blob, or what needs no quotes. */
const VALUE = /"[^"\\]*(?:\\.[^"\\]*)*"|\{[^}]*\}|[^,[\]]+/g;

/**
 * Reads the JSON document. It does not parse the values, so that a number keeps all its digits.
 * @returns undefined if the text is no such document
 */
export function readRows(text: string): SqlAnswer | undefined {
	const found = /^\{"columns":(\[.*?\]),"rows":\[([\s\S]*)\](?:,"cutBy":"(rows|bytes)")?\}$/.exec(
		text,
	);
	if (!found) return undefined;
	const [, columns = "", body = "", cutBy] = found;
	const lines = body === "" ? [] : body.split("\n");
	const rows = lines.map((line) => line.replace(/,$/, "").slice(1, -1).match(VALUE) ?? []);
	const answer = { columns: JSON.parse(columns) as string[], rows };
	return cutBy === undefined ? answer : { ...answer, cutBy: cutBy as "rows" | "bytes" };
}

/** A value without the quotes of JSON. */
export function textOf(json: string, ofNull = ""): string {
	if (json === "null") return ofNull;
	const first = json[0];
	if (first === '"') return JSON.parse(json) as string;
	return first === "{" ? (JSON.parse(json) as { base64: string }).base64 : json;
}
