/** The rows of an answer in SQL. Their values may come from any client. */
import type { SqlAnswer } from "../../../src/log/questions/question.ts";
import { textOf } from "../../../src/sql/rows.ts";
import { type Html, html, type Part } from "../../html.ts";
import { visible } from "../../parts/visible.ts";

/** More of a value stands in the download. */
const VALUE_CHARACTERS = 400;
/** Wider tables tell nobody anything. */
const COLUMNS_MAX = 40;
const NUMBER = /^-?\d/;

export function rowsTable({ columns, rows }: SqlAnswer): Html {
	const shown = columns.slice(0, COLUMNS_MAX);
	const heads = shown.map((name) => html`<th scope="col">${visible(name.slice(0, 80))}</th>`);
	const lines = rows.map((row) => html`<tr>${row.slice(0, COLUMNS_MAX).map(cell)}</tr>`);
	return html`<div class="sql-rows" tabindex="0" role="group" aria-labelledby="rows"><table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

function cell(json: string): Html {
	if (json === "null") return html`<td class="null">null</td>`;
	const isNumber = NUMBER.test(json);
	const text = textOf(json);
	return html`<td${isNumber && html` class="num"`}>${cut(text)}</td>`;
}

function cut(text: string): Part {
	if (text.length <= VALUE_CHARACTERS) return visible(text);
	return html`${visible(text.slice(0, VALUE_CHARACTERS))}…`;
}
