/** The rows of an answer as a table on a terminal. */
import type { SqlAnswer } from "../../log/questions/question.ts";
import { textOf } from "../../sql/rows.ts";
import { fitted, harmless, widthOf } from "../terminal/cells.ts";

/** Wider columns are cut: data is often longer than a terminal is wide. */
const COLUMN_WIDTH_MAX = 60;
const BETWEEN = "  ";
const NUMBER = /^-?\d/;

export function tableOf({ columns, rows }: SqlAnswer): string {
	const cells = rows.map((row) => row.map((json) => harmless(textOf(json, "null"))));
	const heads = columns.map(harmless);
	const widths = heads.map((head, index) => {
		const widest = Math.max(widthOf(head), ...cells.map((row) => widthOf(row[index] ?? "")));
		return Math.min(widest, COLUMN_WIDTH_MAX);
	});
	const isNumber = (index: number) => rows.every((row) => NUMBER.test(row[index] ?? ""));
	const numeric = heads.map((_, index) => rows.length > 0 && isNumber(index));
	const line = (values: readonly string[]) =>
		values
			.map((value, index) => cell(value, widths[index] ?? 0, numeric[index] ?? false))
			.join(BETWEEN)
			.trimEnd();
	const rule = widths.map((width) => "-".repeat(width)).join(BETWEEN);
	return [line(heads), rule, ...cells.map(line)].map((text) => `${text}\n`).join("");
}

function cell(value: string, width: number, isRight: boolean): string {
	return isRight ? value.padStart(width) : fitted(value, width);
}
