/** In place of rows: what was searched, and which condition by itself found nothing. */
import { type Alone, aloneIn } from "../../../src/searching/alone.ts";
import type { SearchQuery } from "../../../src/searching/query.ts";
import type { Progress } from "../../../src/searching/search.ts";
import { type Html, html, type Part } from "../../html.ts";
import { nameOf, shortened } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { COMPARED } from "./form.ts";

export function nothingFound(progress: Progress, query: SearchQuery): Html {
	const { span, next, end } = progress;
	const said = end === "all-searched" ? "No event found" : "Nothing found so far";
	const alone = aloneIn(progress, query);
	const searched = countOf("searched", span.high - next);
	const reason = emptiedBy(alone, query, end === "all-searched");
	return html`<div class="empty" id="search-none"><h2>${said}</h2>
<p>Searched: ${searched} events of ${nameOf(span.stream)}. ${reason}</p>
${span.emptiedBy === undefined && counts(alone, query)}</div>`;
}

/** The condition that left nothing to be searched. */
function emptiedBy(alone: Alone, { stream, type }: SearchQuery, isOver: boolean): Part {
	if (alone.id === 0 && isOver) return "No event has this id.";
	if (alone.time === 0) return "Nothing was written there in this time.";
	if (alone.type === 0 && type !== undefined)
		return html`No event has the type “${shortened(type)}”.`;
	if (alone.stream === 0 && stream) return html`No stream fits “${visible(stream.text)}”.`;
	return undefined;
}

/** The script adds to these what later parts of the search count. */
function counts(alone: Alone, { stream, type, value }: SearchQuery): Part {
	const rows: Part[] = [];
	if (stream) rows.push(row("stream", html`the stream “${visible(stream.text)}”`, alone.stream));
	if (type !== undefined) rows.push(row("type", html`the type “${shortened(type)}”`, alone.type));
	if (value) {
		const { text, is, operand } = value;
		const place = html`<code>${visible(text)}</code>`;
		rows.push(row("path", html`a value at ${place}, where the rest fits`, alone.path));
		const compared = html`${place} ${COMPARED[is]} ${visible(operand.sent)}`;
		if (is !== "there") rows.push(row("value", compared, alone.value));
	}
	if (rows.length === 0) return undefined;
	return html`<p>Each condition by itself:</p><ul>${rows}</ul>`;
}

function row(name: string, said: Part, count = 0): Html {
	return html`<li>${countOf(name, count)} · ${said}</li>`;
}

function countOf(name: string, count: number): Html {
	return html`<b data-sum="${name}" data-count="${count}">${grouped(count)}</b>`;
}
