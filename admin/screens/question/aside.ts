/** Beside a question: queries to begin with, and the words of the language. */
import { type Html, html } from "../../html.ts";
import { questionPath } from "../search/ways.ts";

const EXAMPLES = [
	[
		"Orders of each customer",
		`fromCategory("order").partitionBy((event) => event.data.customer).when({
  $init() { return { orders: 0 }; },
  OrderPlaced(state) { state.orders++; },
})`,
	],
	[
		"Streams in which something is missing",
		`fromCategory("order").foreachStream().when({
  $init() { return { isPaid: false }; },
  OrderPaid(state) { state.isPaid = true; },
}).filterBy((state) => !state.isPaid)`,
	],
	[
		"The largest value of all",
		`fromAll().when({
  $init() { return { total: 0 }; },
  OrderPlaced(state, event) {
    if (event.data.total > state.total) return { total: event.data.total, in: event.streamId };
  },
})`,
	],
] as const;

const WORDS = [
	["fromAll()", "or fromStream, fromStreams, fromCategory: which events"],
	["foreachStream()", "or partitionBy(e => …): a state for each"],
	["when({ … })", "a handler for each type; $init, $any"],
	["transformBy", "and filterBy: what is made of a state"],
	["emit, log", "are told here, and written nowhere"],
] as const;

export function aside(): Html {
	const examples = EXAMPLES.map(
		([text, query]) => html`<li><a href="${questionPath(query)}">${text}</a></li>`,
	);
	const words = WORDS.map(
		([word, meaning]) => html`<div><dt><code>${word}</code></dt><dd>${meaning}</dd></div>`,
	);
	return html`<section class="panel" aria-labelledby="examples"><header><h2 id="examples">Examples</h2></header>
<div class="body"><ul class="plain sql-examples">${examples}</ul></div></section>
<section class="panel" aria-labelledby="words"><header><h2 id="words">The language</h2></header>
<div class="body"><dl class="sql-tables">${words}</dl></div></section>`;
}
